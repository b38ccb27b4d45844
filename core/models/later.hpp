#pragma once

#include <chrono>

namespace polymux {

/// A moment after another; what is beyond the end of time is its end.
[[nodiscard]] inline std::chrono::steady_clock::time_point later(
    std::chrono::steady_clock::time_point start, std::chrono::nanoseconds by) noexcept {
  constexpr auto end = std::chrono::steady_clock::time_point::max();
  return by >= end - start ? end : start + by;
}

}  // namespace polymux
