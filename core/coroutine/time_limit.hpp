#pragma once

#include <algorithm>
#include <chrono>
#include <concepts>

#include <polymux/loop/timer.hpp>

namespace polymux {
/// \addtogroup coroutine
/// \{

/// Until when to wait: made of a point in time, or of a duration from now on; without either, for
/// ever. What overflows the clock is for ever.
///
/// Several waits in a row may have the same limit. A `Timeout` is something else: how long one
/// `Poller::wait` may take.
class TimeLimit {
 public:
  /// The clock of timers.
  using Clock = Timer::Clock;

  /// For ever.
  constexpr TimeLimit() noexcept = default;
  /// Until a point in time.
  ///
  /// \param at  One that is over does not wait.
  constexpr TimeLimit(Clock::time_point at) noexcept : at_(at) {}
  /// From now on, when it is made.
  ///
  /// \param longest  Less than zero is as zero.
  template <std::convertible_to<std::chrono::nanoseconds> Duration>
  TimeLimit(Duration longest) noexcept : TimeLimit(Clock::now(), longest) {}

  /// \return True if there is no limit.
  [[nodiscard]] constexpr bool is_for_ever() const noexcept { return at_ == for_ever; }
  /// \return When it is over; the greatest point in time if never.
  [[nodiscard]] constexpr Clock::time_point at() const noexcept { return at_; }

 private:
  static constexpr auto for_ever = Clock::time_point::max();

  constexpr TimeLimit(Clock::time_point since, std::chrono::nanoseconds longest) noexcept
      : at_(longest >= for_ever - since ? for_ever
                                        : since + std::max(longest, std::chrono::nanoseconds(0))) {}

  Clock::time_point at_ = for_ever;
};

/// \}
}  // namespace polymux
