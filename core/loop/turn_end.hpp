#pragma once

#include <polymux/loop/event_loop.hpp>

namespace polymux {

/// Is told once when the present turn of a loop ends, after all of its callbacks: for what can be
/// done for all of them together.
class TurnEnd {
 public:
  explicit TurnEnd(EventLoop& loop) noexcept : loop_(loop) {}
  TurnEnd(const TurnEnd&) = delete;
  TurnEnd& operator=(const TurnEnd&) = delete;
  virtual ~TurnEnd() {
    if (is_requested_) withdraw();
  }

  /// From a callback of the loop; a second time in the same turn does nothing.
  void request() noexcept {
    if (is_requested_) return;
    is_requested_ = true;
    next_ = loop_.turn_ends_;
    loop_.turn_ends_ = this;
  }

  [[nodiscard]] bool is_requested() const noexcept { return is_requested_; }

 private:
  friend class EventLoop;

  /// \param now  A time after the last callback. Nothing may be requested or destroyed here.
  virtual void on_turn_end(EventLoop::Clock::time_point now) noexcept = 0;
  void withdraw() noexcept;

  EventLoop& loop_;
  TurnEnd* next_ = nullptr;
  bool is_requested_ = false;
};

}  // namespace polymux
