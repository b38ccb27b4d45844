#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace load {

/// The buckets of a histogram, by number.
namespace bucket {

inline constexpr int bits = 10;
inline constexpr std::uint64_t of_a_power = std::uint64_t{1} << bits;

/// That of a value.
[[nodiscard]] constexpr std::uint64_t index_of(std::uint64_t value) noexcept {
  const int width = static_cast<int>(std::bit_width(value));
  const int shift = std::max(width - bits - 1, 0);
  return static_cast<std::uint64_t>(shift) * of_a_power + (value >> shift);
}

/// The greatest value of one.
[[nodiscard]] constexpr std::uint64_t last_of(std::uint64_t index) noexcept {
  if (index < 2 * of_a_power) return index;
  const auto shift = index / of_a_power - 1;
  return ((index - shift * of_a_power + 1) << shift) - 1;
}

static_assert(index_of(0) == 0 && index_of(2047) == 2047 && index_of(2048) == 2048);
static_assert(index_of(2049) == 2048 && index_of(2050) == 2049 && last_of(2048) == 2049);

}  // namespace bucket

/// How often each value came, in buckets that are at most a thousandth of their values wide.
///
/// As the HDR histogram of Gil Tene (hdrhistogram.org): each power of two is cut into 1,024 buckets
/// of the same width, and values below 2,048 are kept as they are. To record one takes a few
/// instructions and no memory; two histograms can be added without loss, which percentiles cannot.
class Histogram {
 public:
  /// What is above is counted in the last bucket; `max` and `mean` know it all the same. As
  /// nanoseconds, more than an hour.
  static constexpr std::uint64_t greatest = (std::uint64_t{1} << 42) - 1;

  Histogram();

  void record(std::uint64_t value) noexcept {
    ++counts_[bucket::index_of(std::min(value, greatest))];
    ++count_;
    sum_ += static_cast<double>(value);
    min_ = std::min(min_, value);
    max_ = std::max(max_, value);
  }

  void merge(const Histogram& other) noexcept;

  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
  [[nodiscard]] bool is_empty() const noexcept { return count_ == 0; }
  /// Exact; zero if nothing was recorded.
  [[nodiscard]] std::uint64_t min() const noexcept { return count_ == 0 ? 0 : min_; }
  [[nodiscard]] std::uint64_t max() const noexcept { return max_; }
  [[nodiscard]] double mean() const noexcept;

  /// The value that at least `percent` of a hundred of all do not exceed: the greatest of its
  /// bucket, so never too small, and by less than a thousandth too great. Zero if nothing was
  /// recorded.
  [[nodiscard]] std::uint64_t value_at(double percent) const noexcept;

 private:
  std::vector<std::uint64_t> counts_;
  std::uint64_t count_ = 0;
  double sum_ = 0;
  std::uint64_t min_ = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t max_ = 0;
};

}  // namespace load
