// BSD and macOS: SIGIO, to the process, without a descriptor in it, and one for many changes. Their
// kernels discard it while its action is the default, blocked or not: a handler has to be there. It
// notes the signal and makes a descriptor readable, so that no signal falls between a look and a
// sleep.

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "backends/sigio/readiness_signals.hpp"
#include "platform/process_epoch.hpp"
#include "platform/signal_hub.hpp"

namespace polymux {
namespace {

class PlainSignal final : public ReadinessSignals {
 public:
  PlainSignal() = default;
  ~PlainSignal() override {
    if (box_ == nullptr || process_.is_foreign()) return;
    signal_hub::unsubscribe(*box_, SIGIO);
    signal_hub::release(*box_);
  }

  [[nodiscard]] std::error_code open() {
    if (const auto error = signal_hub::acquire(box_)) return error;
    return signal_hub::subscribe(*box_, SIGIO);
  }

  // Whichever thread the process's signal interrupts, the handler tells all.
  bool enter_thread() noexcept override { return false; }
  bool readdress(int /*fd*/) noexcept override { return true; }

  bool arm(int fd) noexcept override {
    const int flags = ::fcntl(fd, F_GETFL);
    if (flags < 0 || (flags & O_ASYNC) != 0) return false;
    // Somebody wants SIGURG, or will set O_ASYNC.
    if (::fcntl(fd, F_GETOWN) != 0) return false;
    const bool is_armed =
        ::fcntl(fd, F_SETOWN, ::getpid()) == 0 && ::fcntl(fd, F_SETFL, flags | O_ASYNC) == 0;
    if (!is_armed) disarm(fd);
    return is_armed;
  }

  void disarm(int fd) noexcept override {
    const int flags = ::fcntl(fd, F_GETFL);
    if (flags >= 0) static_cast<void>(::fcntl(fd, F_SETFL, flags & ~O_ASYNC));
    static_cast<void>(::fcntl(fd, F_SETOWN, 0));
  }

  // By default SIGIO does nothing.
  void leave_armed() noexcept override {}

  int fd() const noexcept override { return box_->wakeup.fd(); }
  bool has_hints() const noexcept override { return false; }

  Hints take() noexcept override {
    box_->wakeup.clear();
    return {.numbers = {}, .look_at_all = box_->pending.take(SIGIO)};
  }

  // The box stays the parent's: nothing here owns a descriptor.
  void abandon() noexcept override {}

 private:
  SignalBox* box_ = nullptr;
  ProcessMark process_;
};

}  // namespace

std::unique_ptr<ReadinessSignals> open_readiness_signals(std::error_code& error) noexcept {
  return open_signals<PlainSignal>(error);
}

}  // namespace polymux
