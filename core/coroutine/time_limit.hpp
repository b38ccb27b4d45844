#pragma once

#include <algorithm>
#include <chrono>
#include <concepts>

#include <polymux/loop/timer.hpp>

namespace polymux {

/// Until when to wait: made of a point in time, or of a duration from now on; without either, for
/// ever. What overflows the clock is for ever.
///
/// Several waits in a row may have the same limit. A `Timeout` is something else: how long one
/// `Poller::wait` may take.
class TimeLimit {
 public:
  using Clock = Timer::Clock;

  constexpr TimeLimit() noexcept = default;
  constexpr TimeLimit(Clock::time_point at) noexcept : at_(at) {}
  template <std::convertible_to<std::chrono::nanoseconds> Duration>
  TimeLimit(Duration longest) noexcept : TimeLimit(Clock::now(), longest) {}

  [[nodiscard]] constexpr bool is_for_ever() const noexcept { return at_ == for_ever; }
  [[nodiscard]] constexpr Clock::time_point at() const noexcept { return at_; }

 private:
  static constexpr auto for_ever = Clock::time_point::max();

  constexpr TimeLimit(Clock::time_point since, std::chrono::nanoseconds longest) noexcept
      : at_(longest >= for_ever - since ? for_ever
                                        : since + std::max(longest, std::chrono::nanoseconds(0))) {}

  Clock::time_point at_ = for_ever;
};

}  // namespace polymux
