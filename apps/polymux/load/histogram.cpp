#include "histogram.hpp"

#include <cmath>
#include <functional>

namespace load {

static_assert(bucket::last_of(bucket::index_of(Histogram::greatest)) == Histogram::greatest);

Histogram::Histogram() : counts_(bucket::index_of(greatest) + 1) {}

void Histogram::merge(const Histogram& other) noexcept {
  std::ranges::transform(counts_, other.counts_, counts_.begin(), std::plus{});
  count_ += other.count_;
  sum_ += other.sum_;
  min_ = std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
}

double Histogram::mean() const noexcept {
  return count_ == 0 ? 0 : sum_ / static_cast<double>(count_);
}

std::uint64_t Histogram::value_at(double percent) const noexcept {
  if (count_ == 0) return 0;
  const double share = std::clamp(percent, 0.0, 100.0) / 100;
  // Rounded before it is rounded up, lest 99.9 % of 1,000 be 999.0000001 of them.
  const double exact = std::round(share * static_cast<double>(count_) * 1e6) / 1e6;
  const auto wanted =
      std::clamp<std::uint64_t>(static_cast<std::uint64_t>(std::ceil(exact)), 1, count_);
  std::uint64_t seen = 0;
  for (std::size_t index = 0; index + 1 < counts_.size(); ++index) {
    seen += counts_[index];
    if (seen >= wanted) return std::min(bucket::last_of(index), max_);
  }
  return max_;
}

}  // namespace load
