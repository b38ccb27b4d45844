#pragma once

#include <algorithm>
#include <chrono>
#include <concepts>
#include <optional>

namespace polymux {
/// \addtogroup poller
/// \{

/// How long to wait. Zero, or less, looks and returns; an empty one waits for ever.
///
/// Made of any duration, of `std::nullopt` for an empty one, and read like an optional. Small
/// enough for two registers.
class Timeout {
 public:
  /// The clock that waits are measured with, which nobody sets.
  using Clock = std::chrono::steady_clock;
  /// What a time-out is kept in.
  using Duration = std::chrono::nanoseconds;

  /// An empty one, which waits for ever.
  constexpr Timeout() noexcept = default;
  /// An empty one, which waits for ever.
  constexpr Timeout(std::nullopt_t) noexcept {}
  /// One that begins when the wait does.
  ///
  /// \param longest  How long to wait at most; less than zero is as zero.
  template <std::convertible_to<Duration> Longest>
  constexpr Timeout(Longest longest) noexcept : Timeout(Duration(longest), Clock::time_point{}) {}
  /// One that has begun already. Who has just read the clock says so, and saves the wait from
  /// reading it again.
  ///
  /// \param longest  How long to wait at most, from `since` on; less than zero is as zero.
  /// \param since    When it began: the time of a moment ago.
  constexpr Timeout(Duration longest, Clock::time_point since) noexcept
      : longest_(std::max(longest, for_ever + Duration(1))), since_(since) {}

  /// \return False for an empty one, which waits for ever.
  constexpr explicit operator bool() const noexcept { return longest_ != for_ever; }
  /// \return How long to wait at most, of one that is not empty.
  constexpr const Duration& operator*() const noexcept { return longest_; }
  /// \return How long to wait at most, of one that is not empty.
  constexpr const Duration* operator->() const noexcept { return &longest_; }
  /// \param otherwise  What stands for an empty one.
  /// \return How long to wait at most, or `otherwise`.
  [[nodiscard]] constexpr Duration value_or(Duration otherwise) const noexcept {
    return *this ? longest_ : otherwise;
  }

  /// \return When it began: now, unless that was said.
  [[nodiscard]] Clock::time_point start() const noexcept {
    return since_ != Clock::time_point{} ? since_ : Clock::now();
  }

  /// \return True if how long and when it began are equal.
  friend constexpr bool operator==(const Timeout&, const Timeout&) = default;

 private:
  static constexpr auto for_ever = Duration::min();

  Duration longest_ = for_ever;
  Clock::time_point since_{};
};

/// \}
}  // namespace polymux
