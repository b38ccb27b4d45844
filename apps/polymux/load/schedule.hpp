#pragma once

#include <cstdint>

#include "clock.hpp"

namespace load {

/// The instants of an open loop: so many a second, evenly, whatever becomes of the requests.
/// Several threads share them in turn: one of `stride` threads has each `stride`-th, from `first`
/// on.
class Schedule {
 public:
  Schedule() = default;
  Schedule(Instant start, std::uint64_t rate, std::uint64_t first, std::uint64_t stride) noexcept
      : start_(start), rate_(rate), first_(first), stride_(stride) {}

  /// When request number `index` of this thread is due. Counted from the start each time, so that
  /// no error of rounding grows.
  [[nodiscard]] Instant due(std::uint64_t index) const noexcept {
    const auto of_all = first_ + index * stride_;
    const auto seconds = of_all / rate_;
    constexpr std::uint64_t second = 1'000'000'000;
    const auto rest = (of_all % rate_) * second / rate_;
    return start_ + nanoseconds(seconds * second + rest);
  }

  /// How many are due before `end`.
  [[nodiscard]] std::uint64_t count_before(Instant end) const noexcept;

 private:
  Instant start_{};
  std::uint64_t rate_ = 1;
  std::uint64_t first_ = 0;
  std::uint64_t stride_ = 1;
};

}  // namespace load
