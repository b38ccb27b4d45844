#pragma once

#include <chrono>

#include <polymux/poller/event.hpp>

namespace polymux {

/// Until when to wait. The one owner of what goes wrong with time-outs: it keeps a point in time,
/// not a remainder, so that a wait which a signal interrupts goes on with what is left, and it
/// saturates, so that a century is no overflow.
///
/// The clock is read only for a time-out that is neither zero nor endless.
class Deadline {
 public:
  using Clock = std::chrono::steady_clock;

  explicit Deadline(Timeout timeout) noexcept
      : Deadline(timeout,
                 timeout && *timeout > timeout->zero() ? timeout.start() : Clock::time_point{}) {}

  /// Counted from `start`, which matters for a time-out that is neither zero nor endless.
  Deadline(Timeout timeout, Clock::time_point start) noexcept {
    if (!timeout) {
      kind_ = Kind::never;
    } else if (*timeout <= std::chrono::nanoseconds::zero()) {
      kind_ = Kind::now;
    } else {
      at_ = later(start, *timeout);
    }
  }

  /// The time left: empty for ever, never below zero.
  [[nodiscard]] Timeout remaining() const noexcept {
    using std::chrono::nanoseconds;
    if (kind_ == Kind::never) return std::nullopt;
    if (kind_ == Kind::now) return nanoseconds::zero();
    const auto now = Clock::now();
    if (now >= at_) return nanoseconds::zero();
    return std::chrono::duration_cast<nanoseconds>(at_ - now);
  }

  /// True once the time is over, by the clock and not by what a system call said: some kernels end
  /// a wait up to a clock tick early.
  [[nodiscard]] bool has_passed() const noexcept {
    return kind_ == Kind::now || (kind_ == Kind::at && Clock::now() >= at_);
  }

 private:
  enum class Kind : unsigned char { at, now, never };

  static Clock::time_point later(Clock::time_point start, std::chrono::nanoseconds by) noexcept {
    const auto room = Clock::time_point::max() - start;
    return by >= room ? Clock::time_point::max() : start + by;
  }

  Clock::time_point at_{};
  Kind kind_ = Kind::at;
};

/// The longest that is asked of a kernel in one call, so that no conversion overflows and no
/// kernel takes it for "for ever" or refuses it. Whoever waits longer waits again.
inline constexpr std::chrono::nanoseconds longest_wait = std::chrono::hours{24};

/// Cuts a time-out to what one call of a kernel takes.
[[nodiscard]] constexpr Timeout clamp_to_one_wait(Timeout timeout) noexcept {
  return timeout && *timeout > longest_wait ? Timeout{longest_wait} : timeout;
}

/// Rounded up, lest a wait ends early; of a time from zero to `longest_wait`.
[[nodiscard]] constexpr int to_milliseconds_up(std::chrono::nanoseconds left) noexcept {
  constexpr auto nearly = std::chrono::milliseconds{1} - std::chrono::nanoseconds{1};
  return static_cast<int>((left + nearly) / std::chrono::milliseconds{1});
}

/// For calls that take int milliseconds and read a negative number as "for ever" (poll(2),
/// epoll_wait(2)). At most `longest_wait`.
[[nodiscard]] constexpr int to_milliseconds(Timeout timeout) noexcept {
  if (!timeout) return -1;
  const auto left = *clamp_to_one_wait(timeout);
  if (left <= std::chrono::nanoseconds::zero()) return 0;
  return to_milliseconds_up(left);
}
static_assert(to_milliseconds(std::chrono::nanoseconds{1}) == 1);
static_assert(to_milliseconds(std::chrono::nanoseconds{-5}) == 0);
static_assert(to_milliseconds(std::chrono::hours{24} * 60) == 86'400'000);
static_assert(to_milliseconds(std::nullopt) == -1);

}  // namespace polymux
