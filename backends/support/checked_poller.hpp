#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <system_error>
#include <utility>

#include <polymux/poller/poller.hpp>

#include "backends/support/registration_table.hpp"
#include "backends/support/wake_state.hpp"
#include "core/poller/deadline.hpp"
#include "platform/process_epoch.hpp"
#include "platform/wakeup.hpp"

namespace polymux {

/// The part of a poller that belongs to no kernel: what a caller can do wrong, who is registered,
/// time-outs and interrupted waits, wakes, and the fork. A backend supplies the five private
/// functions, and never sees a bad argument.
class CheckedPoller : public Poller {
 public:
  [[nodiscard]] std::error_code add(int fd, Token token, Interest interest,
                                    Trigger trigger) noexcept final;
  [[nodiscard]] std::error_code modify(int fd, Token token, Interest interest,
                                       Trigger trigger) noexcept final;
  [[nodiscard]] std::error_code remove(int fd) noexcept final;
  [[nodiscard]] WaitResult wait(std::span<Event> out, Timeout timeout) noexcept override;
  void wake() noexcept final;
  [[nodiscard]] const Capabilities& capabilities() const noexcept final { return capabilities_; }
  [[nodiscard]] std::optional<int> pollable_handle() noexcept final;

 protected:
  /// What one look at the kernel gave.
  struct Look {
    std::size_t count = 0;
    std::error_code error{};
  };

  explicit CheckedPoller(const Capabilities& capabilities) noexcept : capabilities_(capabilities) {}
  /// In a child the wake-up descriptor is leaked, not closed.
  ~CheckedPoller() override;

  /// A time-out in nanoseconds without end.
  static constexpr std::int64_t for_ever = -1;

  /// `wait`, by a `look_once(out, nanoseconds)` that does what `look` does, and returns the number
  /// of events; after a failure `failed_look(error)`. Inline, so that a backend whose waits are
  /// short can override `wait` with it: all of a wait is then one function, which deals in numbers.
  template <class LookOnce>
  [[nodiscard]] WaitResult wait_by(LookOnce look_once, std::span<Event> out,
                                   Timeout timeout) noexcept;

  /// Keeps the error of a look.
  [[nodiscard]] std::ptrdiff_t failed_look(std::error_code error) noexcept {
    look_error_ = error;
    return -1;
  }

  [[nodiscard]] std::error_code take_look_error() noexcept {
    return std::exchange(look_error_, no_error_);
  }

  [[nodiscard]] static Timeout to_timeout(std::int64_t left) noexcept {
    return left < 0 ? Timeout{} : Timeout{std::chrono::nanoseconds{left}};
  }

  /// Opens the wake-up descriptor, which the backend then watches for reading.
  [[nodiscard]] std::error_code open_wakeup() noexcept { return wakeup_.open(); }
  [[nodiscard]] int wakeup_fd() const noexcept { return wakeup_.fd(); }
  /// To be called when the wake-up descriptor was found readable.
  void clear_wakeup() noexcept { wakeup_.clear(); }

  /// Ends the sleep of a waiter, through the wake-up descriptor or what the kernel has in its
  /// place. Any thread, any signal handler.
  virtual void rouse() noexcept { wakeup_.signal(); }

  [[nodiscard]] bool is_foreign_process() const noexcept { return process_.is_foreign(); }
  [[nodiscard]] RegistrationTable& registrations() noexcept { return table_; }

 private:
  /// Hands a new registration to the kernel.
  ///
  /// \param known  What the table has under this number, of the same file or of one that was closed
  ///               without `remove`; may be null. It is overwritten with `fresh` after success.
  /// \return `already_registered` if the file of `known` is still there.
  [[nodiscard]] virtual std::error_code attach(int fd, Registration& fresh,
                                               const Registration* known) = 0;

  /// Arms `changed` in place of `current`, which it replaces after success.
  [[nodiscard]] virtual std::error_code rearm(int fd, Registration& changed,
                                              const Registration& current) = 0;

  /// Takes a registration from the kernel. The number may be closed or another file's by now.
  virtual void detach(int fd, const Registration& gone) noexcept = 0;

  /// Asks the kernel once. May return early, with nothing, and with EINTR.
  [[nodiscard]] virtual Look look(std::span<Event> out, Timeout timeout) = 0;

  /// The descriptor for `pollable_handle`, -1 if it cannot be had now; asked only where the
  /// capability is there, and until it is had. File and number stay the same for good.
  [[nodiscard]] virtual int open_handle() noexcept { return -1; }

  [[nodiscard]] std::error_code check_request(Interest interest, Trigger trigger) const noexcept;
  [[nodiscard]] std::error_code try_add(int fd, Registration& fresh);
  [[nodiscard]] WaitResult refuse_to_wait() const noexcept;
  /// Goes on after a look that found nothing, or failed.
  [[nodiscard]] WaitResult wait_on(std::span<Event> out, std::int64_t left,
                                   Deadline::Clock::time_point start) noexcept;
  [[nodiscard]] Look look_on(std::span<Event> out, const Deadline& deadline);
  static std::error_code out_of_memory() noexcept;

  Capabilities capabilities_;
  ProcessMark process_;
  RegistrationTable table_;
  Wakeup wakeup_;
  WakeState wake_state_;
  /// Of the look that `wait_by` made; no error after one that found nothing.
  std::error_code look_error_{};
  /// To copy one is cheaper than to make one, which asks for its category.
  std::error_code no_error_{};
  /// What `pollable_handle` gave; -1 while nobody has asked.
  int handle_ = -1;
};

template <class LookOnce>
WaitResult CheckedPoller::wait_by(LookOnce look_once, std::span<Event> out,
                                  Timeout timeout) noexcept {
  if (is_foreign_process() || out.empty()) return refuse_to_wait();
  auto left = for_ever;
  if (timeout) left = std::max<std::int64_t>(timeout->count(), 0);
  if (left != 0 && !wake_state_.enter_sleep()) left = 0;
  Deadline::Clock::time_point start{};
  if (left > 0) start = timeout.start();
  const auto count = look_once(out, left);
  if (count <= 0) return wait_on(out, left, start);
  return {
      .count = static_cast<std::size_t>(count), .woken = wake_state_.take(), .error = no_error_};
}

}  // namespace polymux
