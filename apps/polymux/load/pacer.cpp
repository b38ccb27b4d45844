#include "pacer.hpp"

#include <algorithm>

namespace load {

std::optional<Instant> Pacer::next_due() const noexcept {
  if (!schedule_ || is_exhausted()) return std::nullopt;
  return schedule_->due(taken_);
}

bool Pacer::is_exhausted() const noexcept {
  if (left_ == 0) return true;
  return has_ended_ && (!schedule_ || schedule_->due(taken_) >= end_);
}

std::uint64_t Pacer::overdue() const noexcept {
  if (!schedule_ || !has_ended_) return 0;
  const auto due = schedule_->count_before(end_);
  return std::min(due - std::min(due, taken_), left_);
}

}  // namespace load
