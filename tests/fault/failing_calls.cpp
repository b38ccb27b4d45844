#include "tests/fault/failing_calls.hpp"

#include <dlfcn.h>
#include <errno.h>
#include <sys/select.h>

#include <array>
#include <atomic>
#include <cstdarg>
#include <cstddef>
#include <utility>

// The other headers that declare these functions are left out: they promise different things about
// exceptions, and what is defined here is the symbol alone.

namespace polymux::test {
namespace {

struct Fault {
  std::atomic<int> skipped{0};
  std::atomic<int> left{0};
  std::atomic<int> error{0};
  std::atomic<int> count{0};
};

// `write` is the last.
constinit std::array<Fault, static_cast<std::size_t>(Call::write) + 1> faults{};

Fault& fault_of(Call call) noexcept {
  return faults[static_cast<std::size_t>(call)];
}

}  // namespace

FailingCall::FailingCall(Call call, int error, int skipped, int failures) noexcept : call_(call) {
  auto& fault = fault_of(call);
  fault.skipped.store(skipped);
  fault.error.store(error);
  fault.count.store(0);
  fault.left.store(failures);
}

FailingCall::~FailingCall() {
  fault_of(call_).left.store(0);
}

int FailingCall::count() const noexcept {
  return fault_of(call_).count.load();
}

namespace {
thread_local BeforeCall* awaited = nullptr;
}

BeforeCall::BeforeCall(Call call, std::function<void()> action) noexcept
    : call_(call), action_(std::move(action)) {
  awaited = this;
}

BeforeCall::~BeforeCall() {
  awaited = nullptr;
}

void BeforeCall::happen(Call call) {
  if (awaited == nullptr || awaited->call_ != call) return;
  if (const auto action = std::exchange(awaited->action_, nullptr)) action();
}

namespace {

// Whether this call has to fail; sets errno then. Called in signal handlers.
bool fails(Call call) noexcept {
  BeforeCall::happen(call);
  auto& fault = fault_of(call);
  if (fault.left.load(std::memory_order_relaxed) <= 0) return false;
  if (fault.skipped.fetch_sub(1) > 0) return false;
  if (fault.left.fetch_sub(1) <= 0) return false;
  fault.count.fetch_add(1);
  errno = fault.error.load();
  return true;
}

// Looked up before main, so that no signal handler is the first to ask.
template <class Function>
Function* real(const char* name) noexcept {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

}  // namespace
}  // namespace polymux::test

using polymux::test::Call;

// Defines a function that fails on demand and is the library's own otherwise.
// NOLINTBEGIN(bugprone-macro-parentheses): types and lists of parameters cannot have any.
#define POLYMUX_FAILING(result, name, call, parameters, arguments)      \
  extern "C" result name parameters;                                    \
  extern "C" result name parameters {                                   \
    using Real = result parameters;                                     \
    static Real* const library = polymux::test::real<Real>(#name);      \
    return polymux::test::fails(call) ? result{-1} : library arguments; \
  }                                                                     \
  [[maybe_unused]] static const bool name##_is_found =                  \
      polymux::test::real<result parameters>(#name) != nullptr
// NOLINTEND(bugprone-macro-parentheses)

POLYMUX_FAILING(int, epoll_create1, Call::epoll_create, (int flags), (flags));
POLYMUX_FAILING(int, epoll_ctl, Call::epoll_ctl, (int set, int operation, int fd, void* event),
                (set, operation, fd, event));
POLYMUX_FAILING(int, fstat, Call::fstat, (int fd, void* status), (fd, status));
POLYMUX_FAILING(int, poll, Call::poll, (void* entries, unsigned long count, int timeout),
                (entries, count, timeout));
POLYMUX_FAILING(int, ppoll, Call::ppoll,
                (void* entries, unsigned long count, const void* timeout, const void* mask),
                (entries, count, timeout, mask));
// The names of parameters are the library's.
POLYMUX_FAILING(int, pselect, Call::pselect,
                (int nfds, fd_set* readfds, fd_set* writefds, fd_set* exceptfds,
                 const timespec* timeout, const sigset_t* sigmask),
                (nfds, readfds, writefds, exceptfds, timeout, sigmask));
POLYMUX_FAILING(long, write, Call::write, (int fd, const void* buf, unsigned long n), (fd, buf, n));

// This one returns the error.
extern "C" int pthread_sigmask(int how, const void* set, void* before);
extern "C" int pthread_sigmask(int how, const void* set, void* before) {
  using Real = int(int, const void*, void*);
  static Real* const library = polymux::test::real<Real>("pthread_sigmask");
  return polymux::test::fails(Call::sigmask) ? errno : library(how, set, before);
}

// liburing's, which returns the error turned negative. Null where nobody links it.
extern "C" int io_uring_enter2(unsigned ring, unsigned submitted, unsigned least, unsigned flags,
                               void* argument, unsigned long size);
extern "C" int io_uring_enter2(unsigned ring, unsigned submitted, unsigned least, unsigned flags,
                               void* argument, unsigned long size) {
  using Real = int(unsigned, unsigned, unsigned, unsigned, void*, unsigned long);
  static Real* const library = polymux::test::real<Real>("io_uring_enter2");
  return polymux::test::fails(Call::ring_enter)
             ? -errno
             : library(ring, submitted, least, flags, argument, size);
}

// What comes third is as large as a pointer or smaller, and is handed on as it came.
extern "C" int fcntl(int fd, int command, ...);
extern "C" int fcntl(int fd, int command, ...) {
  using Real = int(int, int, ...);
  static Real* const library = polymux::test::real<Real>("fcntl");
  std::va_list rest;
  va_start(rest, command);
  void* const argument = va_arg(rest, void*);
  va_end(rest);
  return polymux::test::fails(Call::fcntl) ? -1 : library(fd, command, argument);
}
