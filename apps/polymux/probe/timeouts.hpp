#pragma once

#include <time.h>

#include <cerrno>
#include <chrono>

namespace probe {

// Patience is less than a second.
[[nodiscard]] inline timespec to_timespec(std::chrono::milliseconds time) noexcept {
  timespec value{};
  value.tv_nsec = static_cast<decltype(value.tv_nsec)>(time.count() * 1'000'000);
  return value;
}

/// Calls again what was interrupted. Linux interrupts a wait without any signal when an io_uring
/// that had a request in flight is closed. Bounded, for a signal may come for ever.
template <typename Call>
[[nodiscard]] int uninterrupted(Call call) {
  constexpr int most_calls = 100;
  int answer = call();
  for (int i = 1; i < most_calls && answer < 0 && errno == EINTR; ++i) answer = call();
  return answer;
}

}  // namespace probe
