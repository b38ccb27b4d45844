// Linux: F_SETSIG has a real-time signal queued for each change, with si_band in it (fcntl(2)).

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "apps/polymux/probe/multiplexer.hpp"
#include "apps/polymux/probe/poll_flags.hpp"
#include "apps/polymux/probe/system_failure.hpp"
#include "apps/polymux/probe/timeouts.hpp"

namespace probe {
namespace {

// The signals stay blocked for as long as the process lives: what was closed too early may signal
// through a duplicate at any time, and the default action ends the process.
class SigioSession final : public Session {
 public:
  SigioSession() : queued_(SIGRTMIN + 4) {
    sigemptyset(&signals_);
    sigaddset(&signals_, queued_);
    // Comes instead when the queue is full.
    sigaddset(&signals_, SIGIO);
    ::pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
    forget();
  }

  SigioSession(const SigioSession&) = delete;
  SigioSession& operator=(const SigioSession&) = delete;

  ~SigioSession() override { forget(); }

  void watch(int fd, Interest /*interest*/) override {
    const int flags = ::fcntl(fd, F_GETFL);
    if (flags < 0) throw Refusal("F_GETFL");
    if (::fcntl(fd, F_SETSIG, queued_) < 0) throw Refusal("F_SETSIG");
    if (::fcntl(fd, F_SETOWN, ::getpid()) < 0) throw Refusal("F_SETOWN");
    if (::fcntl(fd, F_SETFL, flags | O_ASYNC) < 0) throw Refusal("O_ASYNC");
  }

  Flags look(std::chrono::milliseconds patience) override {
    siginfo_t info{};
    const auto timeout = to_timespec(patience);
    const int signal = uninterrupted([&] { return ::sigtimedwait(&signals_, &info, &timeout); });
    if (signal < 0) return {};
    if (signal == SIGIO) return {"SIGIO"};
    return names_of_poll_bits(static_cast<int>(info.si_band));
  }

 private:
  void forget() const noexcept {
    const timespec at_once{};
    while (::sigtimedwait(&signals_, nullptr, &at_once) > 0) {
    }
  }

  int queued_;
  sigset_t signals_{};
};

}  // namespace

extern const Opening sigio_opening;
const Opening sigio_opening{
    .open = []() -> std::unique_ptr<Session> { return std::make_unique<SigioSession>(); }};

}  // namespace probe
