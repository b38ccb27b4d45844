#pragma once

#include <algorithm>
#include <chrono>

namespace polymux {

/// How long to wait before a worker that has died is replaced: not at all if it had worked for a
/// while, and longer each time if it dies as soon as it is started, which would be a loop.
class RestartDelay {
 public:
  using Duration = std::chrono::steady_clock::duration;

  static constexpr Duration a_while = std::chrono::seconds{1};
  static constexpr Duration shortest = std::chrono::milliseconds{100};
  static constexpr Duration longest = std::chrono::seconds{10};

  /// The delay after one that has lived for so long.
  [[nodiscard]] Duration after(Duration lived) noexcept {
    delay_ = lived >= a_while ? Duration::zero() : std::clamp(delay_ * 2, shortest, longest);
    return delay_;
  }

 private:
  Duration delay_ = Duration::zero();
};

}  // namespace polymux
