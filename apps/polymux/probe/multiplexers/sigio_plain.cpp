// BSD and macOS: SIGIO says that something happened somewhere, once for many changes.

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>

#include "apps/polymux/probe/multiplexer.hpp"
#include "apps/polymux/probe/system_failure.hpp"
#include "apps/polymux/probe/timeouts.hpp"

namespace probe {
namespace {

volatile sig_atomic_t has_come = 0;

extern "C" void note_sigio(int /*signal*/) {
  has_come = 1;
}

// These kernels discard a signal whose default action is to be ignored, so that a handler has to be
// there; and lack sigtimedwait(2), so that it has to run: SIGIO is let through by pselect(2) alone.
class SigioSession final : public Session {
 public:
  SigioSession() {
    sigset_t sigio;
    sigemptyset(&sigio);
    sigaddset(&sigio, SIGIO);
    ::pthread_sigmask(SIG_BLOCK, &sigio, &let_through_);
    sigdelset(&let_through_, SIGIO);
    struct sigaction action {};
    action.sa_handler = note_sigio;
    sigemptyset(&action.sa_mask);
    if (::sigaction(SIGIO, &action, nullptr) < 0) throw SystemFailure("sigaction");
    // What came for another descriptor.
    static_cast<void>(take(std::chrono::milliseconds(0)));
  }

  void watch(int fd, Interest /*interest*/) override {
    const int flags = ::fcntl(fd, F_GETFL);
    if (flags < 0) throw Refusal("F_GETFL");
    if (::fcntl(fd, F_SETOWN, ::getpid()) < 0) throw Refusal("F_SETOWN");
    if (::fcntl(fd, F_SETFL, flags | O_ASYNC) < 0) throw Refusal("O_ASYNC");
  }

  Flags look(std::chrono::milliseconds patience) override {
    return take(patience) ? Flags{"SIGIO"} : Flags();
  }

 private:
  [[nodiscard]] bool take(std::chrono::milliseconds patience) const {
    const auto timeout = to_timespec(patience);
    static_cast<void>(::pselect(0, nullptr, nullptr, nullptr, &timeout, &let_through_));
    const bool came = has_come != 0;
    has_come = 0;
    return came;
  }

  sigset_t let_through_{};
};

}  // namespace

extern const Opening sigio_opening;
const Opening sigio_opening{
    .open = []() -> std::unique_ptr<Session> { return std::make_unique<SigioSession>(); }};

}  // namespace probe
