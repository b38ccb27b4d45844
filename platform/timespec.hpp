#pragma once

#include <time.h>

#include <algorithm>
#include <chrono>
#include <optional>

#include <polymux/poller/event.hpp>

namespace polymux {

/// For calls that take a timespec: empty waits for ever, and nothing is below zero.
[[nodiscard]] inline std::optional<timespec> to_timespec(Timeout timeout) noexcept {
  using namespace std::chrono;
  if (!timeout) return std::nullopt;
  const auto left = std::max(*timeout, nanoseconds::zero());
  const auto whole = floor<seconds>(left);
  timespec spec{};
  spec.tv_sec = static_cast<time_t>(whole.count());
  spec.tv_nsec = static_cast<long>((left - whole).count());
  return spec;
}

}  // namespace polymux
