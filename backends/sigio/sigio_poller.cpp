#include <polymux/poller/error.hpp>

#include "backends/sigio/readiness_signals.hpp"
#include "backends/support/checked_poller.hpp"
#include "backends/support/open_backend.hpp"
#include "backends/support/poll_set.hpp"
#include "core/poller/backend_info.hpp"
#include "platform/descriptor_witness.hpp"
#include "platform/poll_bits.hpp"
#include "platform/sockets.hpp"
#include "platform/system_error.hpp"

namespace polymux {
namespace {

/// Signals say where to look, and poll(2) what is there.
///
/// The set of poll(2) holds the hot registrations alone: those that were ready when last looked at,
/// are new, or were named by a signal. One that is found not ready grows cold; from then on every
/// change makes it signal, for it was armed before the look. That gives level semantics, and
/// nothing is lost between a look and a sleep.
class SigioPoller final : public CheckedPoller {
 public:
  explicit SigioPoller(const Capabilities& capabilities) noexcept : CheckedPoller(capabilities) {}

  ~SigioPoller() override {
    if (is_foreign_process()) {
      witness_.abandon();
      if (signals_) signals_->abandon();
      return;
    }
    registrations().for_each([this](int fd, Registration& gone) { disarm(fd, gone); });
  }

  [[nodiscard]] std::error_code open() {
    if (const auto error = open_wakeup()) return error;
    std::error_code error;
    signals_ = open_readiness_signals(error);
    if (error) return error;
    hot_.add_own(wakeup_fd());
    hot_.add_own(signals_->fd());
    return {};
  }

 private:
  static constexpr std::uint32_t cold = 0;
  /// `Registration::note`: the file sends no signals, and never grows cold.
  static constexpr std::uint8_t is_mute = 1;

  std::error_code attach(int fd, Registration& fresh, const Registration* known) override {
    enter_thread();
    // There is room for every registration, so that no later step can fail.
    hot_.reserve_for(count_ - hot_.size() + 1);
    if (const auto error = witness_.admit(fd, fresh.file, known ? &known->file : nullptr)) {
      return error;
    }
    if (known != nullptr) {
      forget(*known);
      signals_->leave_armed();
    }
    ++count_;
    arm(fd, fresh);
    hot_.insert(fd, fresh);
    return {};
  }

  std::error_code rearm(int fd, Registration& changed, const Registration& current) override {
    enter_thread();
    if (const auto error = witness_.confirm(fd, current.file)) return error;
    if (changed.key == cold) {
      hot_.insert(fd, changed);
    } else {
      hot_.update(fd, changed);
    }
    return {};
  }

  void detach(int fd, const Registration& gone) noexcept override {
    disarm(fd, gone);
    witness_.forget(fd, gone.file);
    forget(gone);
  }

  Look look(std::span<Event> out, Timeout timeout) override {
    enter_thread();
    const bool must_not_sleep = signals_->has_hints();
    int found = hot_.poll(must_not_sleep ? Timeout{std::chrono::nanoseconds::zero()} : timeout);
    if (found < 0) return {.error = last_error()};
    if (hot_.is_own_ready(0)) clear_wakeup();
    // Before anything is made hot that was not looked at.
    const bool was_signalled = hot_.is_own_ready(1) || must_not_sleep;
    cool_down();
    if (was_signalled && heat(signals_->take())) {
      found = hot_.poll(std::chrono::nanoseconds::zero());
      if (found < 0) return {.error = last_error()};
    }
    return {.count = found > 0 ? hot_.collect(out) : 0};
  }

  // Signals go to one thread, and this may be another than the last time.
  void enter_thread() noexcept {
    if (!signals_->enter_thread()) return;
    registrations().for_each([this](int fd, Registration& registration) {
      if (registration.note != is_mute) readdress(fd, registration);
      static_cast<void>(heat(fd));
    });
  }

  void readdress(int fd, Registration& registration) noexcept {
    if (const auto error = witness_.confirm(fd, registration.file)) {
      if (error == Errc::bad_descriptor || error == Errc::not_registered) return;
      // It may be ours all the same, and go on signalling to the thread of before.
      signals_->leave_armed();
      registration.note = is_mute;
    } else if (!signals_->readdress(fd)) {
      signals_->disarm(fd);
      registration.note = is_mute;
    }
  }

  // Sockets and pipes signal every change; terminals not their hang-up, and the rest nothing.
  void arm(int fd, Registration& registration) noexcept {
    const bool can_signal = registration.file.is_socket || registration.file.is_pipe;
    registration.note = can_signal && signals_->arm(fd) ? 0 : is_mute;
  }

  void disarm(int fd, const Registration& gone) noexcept {
    if (gone.note == is_mute) return;
    if (witness_.confirm(fd, gone.file)) {
      signals_->leave_armed();
    } else {
      signals_->disarm(fd);
    }
  }

  void forget(const Registration& gone) noexcept {
    if (gone.key != cold) hot_.erase(gone);
    --count_;
  }

  // A socket may gain room without a signal: one of the Unix domain signals it only after a write
  // has failed since it was armed, and TCP never once its owner has shut it for writing. So whoever
  // waits for room in a socket is looked at every time.
  static bool grows_cold(const Registration& registration) noexcept {
    if (registration.note == is_mute) return false;
    return !registration.file.is_socket || !contains(registration.wanted(), Interest::write);
  }

  void cool_down() noexcept {
    hot_.for_each_idle([this](int fd) {
      auto& registration = registrations().at(fd);
      if (!grows_cold(registration)) return;
      hot_.erase(registration);
      registration.key = cold;
    });
  }

  // True if there is anything new to look at.
  bool heat(const ReadinessSignals::Hints& hints) noexcept {
    bool is_new = false;
    if (hints.look_at_all) {
      registrations().for_each([&](int fd, Registration&) { is_new = heat(fd) || is_new; });
      return is_new;
    }
    for (const int fd : hints.numbers) is_new = heat(fd) || is_new;
    return is_new;
  }

  bool heat(int fd) noexcept {
    Registration* registration = registrations().find(fd);
    if (registration == nullptr || registration->key != cold) return false;
    if (registration->wanted() == Interest::none) return false;
    hot_.insert(fd, *registration);
    return true;
  }

  std::unique_ptr<ReadinessSignals> signals_;
  PollSet hot_{registrations()};
  DescriptorWitness witness_;
  std::size_t count_ = 0;
};

std::unique_ptr<Poller> open_sigio(std::error_code& error) noexcept {
  const Capabilities capabilities{.priority = true,
                                  .read_closed = poll_read_closed != 0,
                                  .hangup = true,
                                  .error = true,
                                  .timeout_step = PollSet::timeout_step,
                                  .wait_cost = WaitCost::ready};
  return open_backend<SigioPoller>(capabilities, error);
}

}  // namespace

extern const BackendInfo sigio_backend;
const BackendInfo sigio_backend{.name = "sigio",
                                .summary = "signal-driven I/O, O_ASYNC of fcntl(2)",
                                .preference = -20,
                                .open = open_sigio};

}  // namespace polymux
