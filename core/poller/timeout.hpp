#pragma once

#include <algorithm>
#include <chrono>
#include <concepts>
#include <optional>

namespace polymux {

/// How long to wait. Zero, or less, looks and returns; an empty one waits for ever.
///
/// Made of any duration, of `std::nullopt` for an empty one, and read like an optional. Small
/// enough for two registers.
class Timeout {
 public:
  using Clock = std::chrono::steady_clock;
  using Duration = std::chrono::nanoseconds;

  constexpr Timeout() noexcept = default;
  constexpr Timeout(std::nullopt_t) noexcept {}
  template <std::convertible_to<Duration> Longest>
  constexpr Timeout(Longest longest) noexcept : Timeout(Duration(longest), Clock::time_point{}) {}
  /// One that began at `since`, a moment ago. Who has just read the clock says so, and saves the
  /// wait from reading it again.
  constexpr Timeout(Duration longest, Clock::time_point since) noexcept
      : longest_(std::max(longest, for_ever + Duration(1))), since_(since) {}

  constexpr explicit operator bool() const noexcept { return longest_ != for_ever; }
  /// Of one that is not empty.
  constexpr const Duration& operator*() const noexcept { return longest_; }
  constexpr const Duration* operator->() const noexcept { return &longest_; }
  [[nodiscard]] constexpr Duration value_or(Duration otherwise) const noexcept {
    return *this ? longest_ : otherwise;
  }

  /// When it began: now, unless that was said.
  [[nodiscard]] Clock::time_point start() const noexcept {
    return since_ != Clock::time_point{} ? since_ : Clock::now();
  }

  friend constexpr bool operator==(const Timeout&, const Timeout&) = default;

 private:
  static constexpr auto for_ever = Duration::min();

  Duration longest_ = for_ever;
  Clock::time_point since_{};
};

}  // namespace polymux
