#pragma once

#include <cstddef>
#include <cstdint>

#include <polymux/testing/fault_plan.hpp>

namespace polymux::testing {

/// Numbers that a seed decides, the same on every system: the distributions of <random> differ from
/// one standard library to another.
///
/// SplitMix64: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
class Random {
 public:
  explicit constexpr Random(std::uint64_t seed) noexcept : state_(seed) {}

  constexpr std::uint64_t next() noexcept {
    state_ += 0x9e3779b97f4a7c15U;
    auto mixed = state_;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9U;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebU;
    return mixed ^ (mixed >> 31);
  }

  /// In [0, limit), where `limit` is small and not zero: the remainder favours nobody by much.
  constexpr std::size_t below(std::size_t limit) noexcept {
    return static_cast<std::size_t>(next() % limit);
  }

  /// In [0, 1), with all the bits that a double has.
  constexpr double fraction() noexcept { return static_cast<double>(next() >> 11) * 0x1p-53; }

 private:
  std::uint64_t state_;
};

/// Decides each time whether a fault is due.
class Die {
 public:
  constexpr explicit Die(Frequency often) noexcept : often_(often) {}

  constexpr bool roll(Random& random) noexcept {
    if (often_.is_never()) return false;
    if (often_.nth() != 0) return ++times_ % often_.nth() == 0;
    return random.fraction() < often_.probability();
  }

 private:
  Frequency often_;
  std::uint64_t times_ = 0;
};

}  // namespace polymux::testing
