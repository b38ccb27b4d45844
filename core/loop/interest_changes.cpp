#include "core/loop/interest_changes.hpp"

#include <algorithm>
#include <new>

#include "core/loop/passing_error.hpp"

namespace polymux {

bool InterestChanges::make_room() noexcept {
  constexpr std::size_t first = 16;
  try {
    room_.resize(std::max(first, 2 * room_.size()));
  } catch (const std::bad_alloc&) {
    return false;
  }
  return true;
}

void InterestChanges::forget(Watcher& watcher) noexcept {
  // Most often one of the last.
  const auto all = watchers();
  *std::find(all.rbegin(), all.rend(), &watcher) = nullptr;
  watcher.is_change_due_ = false;
}

void InterestChanges::on_turn_end() noexcept {
  std::size_t kept = 0;
  for (auto* const watcher : watchers()) {
    if (watcher == nullptr) continue;
    watcher->is_change_due_ = watcher->interest_ != watcher->told_ && !tell(*watcher);
    if (watcher->is_change_due_) room_[kept++] = watcher;
  }
  count_ = kept;
  if (count_ > 0) request();
}

bool InterestChanges::tell(Watcher& watcher) noexcept {
  const auto error = watcher.tell_poller(watcher.interest_);
  if (!error) return true;
  if (!may_pass(error)) return loop().put_invalid(watcher);
  // Lest it is told meanwhile what it has no use for, again and again.
  watcher.leave_poller();
  return false;
}

}  // namespace polymux
