#pragma once

#include <time.h>

#include <algorithm>
#include <chrono>
#include <optional>

#include <polymux/poller/event.hpp>

namespace polymux {

/// Of a time that is not below zero.
[[nodiscard]] inline timespec to_timespec_of(std::chrono::nanoseconds left) noexcept {
  const auto whole = left / std::chrono::seconds{1};
  timespec spec{};
  spec.tv_sec = static_cast<time_t>(whole);
  spec.tv_nsec = static_cast<long>((left - whole * std::chrono::seconds{1}).count());
  return spec;
}

/// For calls that take a timespec: empty waits for ever, and nothing is below zero.
[[nodiscard]] inline std::optional<timespec> to_timespec(Timeout timeout) noexcept {
  if (!timeout) return std::nullopt;
  return to_timespec_of(std::max(*timeout, std::chrono::nanoseconds::zero()));
}

}  // namespace polymux
