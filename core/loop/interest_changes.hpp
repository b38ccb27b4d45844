#pragma once

#include <cstddef>
#include <span>
#include <system_error>
#include <vector>

#include <polymux/loop/event_loop.hpp>
#include <polymux/loop/watcher.hpp>

#include "core/loop/turn_end.hpp"

namespace polymux {

/// Watchers of one loop whose interest has changed since the poller was told. It is told at the end
/// of the turn, or before the first wait: of many changes the last, and of none if that is what it
/// knows already.
///
/// What it refuses for want of memory is tried again in the next turn, and the watcher is told
/// nothing until it succeeds. A watcher whose change it
/// will never take is told `Ready::invalid`, once: its descriptor was closed.
class InterestChanges final : private TurnEnd {
 public:
  explicit InterestChanges(EventLoop& loop) noexcept : TurnEnd(loop) {}

  /// Adds one that is not here. False for want of memory.
  [[nodiscard]] bool add(Watcher& watcher) noexcept {
    if (count_ == room_.size() && !make_room()) return false;
    room_[count_++] = &watcher;
    watcher.is_change_due_ = true;
    request();
    return true;
  }

  /// Takes out one that is.
  void forget(Watcher& watcher) noexcept;

 private:
  void on_turn_end() noexcept override;
  [[nodiscard]] bool make_room() noexcept;
  /// False if the change is to be tried again.
  [[nodiscard]] bool tell(Watcher& watcher) noexcept;

  [[nodiscard]] std::span<Watcher*> watchers() noexcept { return std::span(room_).first(count_); }

  /// Its first `count_` are in use; null where one was forgotten.
  std::vector<Watcher*> room_;
  std::size_t count_ = 0;
};

}  // namespace polymux
