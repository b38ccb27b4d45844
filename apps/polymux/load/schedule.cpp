#include "schedule.hpp"

namespace load {

std::uint64_t Schedule::count_before(Instant end) const noexcept {
  std::uint64_t least = 0;
  // Far enough: at the greatest rate each nanosecond has one.
  std::uint64_t most = end <= start_ ? 0 : static_cast<std::uint64_t>((end - start_).count()) + 1;
  while (least < most) {
    const auto middle = least + (most - least) / 2;
    if (due(middle) < end) {
      least = middle + 1;
    } else {
      most = middle;
    }
  }
  return least;
}

}  // namespace load
