#pragma once

#include <cstdint>

namespace bench {

/// SplitMix64 (Steele, Lea, Flood, 2014): the same numbers for every peer and every run.
class Random {
 public:
  /// Less than `bound`.
  std::uint64_t below(std::uint64_t bound) noexcept { return next() % bound; }

 private:
  std::uint64_t next() noexcept {
    state_ += 0x9e3779b97f4a7c15;
    auto mixed = state_;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
    return mixed ^ (mixed >> 31);
  }

  std::uint64_t state_ = 1;
};

}  // namespace bench
