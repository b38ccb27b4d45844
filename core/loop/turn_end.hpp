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

  /// A second time in the same turn does nothing. Outside of a turn: the end of none, before the
  /// next wait.
  void request() noexcept {
    if (is_requested_) return;
    is_requested_ = true;
    next_ = loop_.turn_ends_;
    loop_.turn_ends_ = this;
  }

  [[nodiscard]] bool is_requested() const noexcept { return is_requested_; }

 protected:
  [[nodiscard]] EventLoop& loop() const noexcept { return loop_; }
  /// For `on_turn_end`: a time after the last callback.
  [[nodiscard]] EventLoop::Clock::time_point now() const noexcept { return loop_.now(); }

 private:
  friend class EventLoop;

  /// Nothing may be destroyed here. What is requested here is for the end of the next turn, which
  /// comes soon.
  virtual void on_turn_end() noexcept = 0;
  void withdraw() noexcept;

  EventLoop& loop_;
  TurnEnd* next_ = nullptr;
  bool is_requested_ = false;
};

}  // namespace polymux
