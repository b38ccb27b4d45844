#pragma once

#include <chrono>
#include <functional>
#include <utility>

#include <polymux/export.hpp>

namespace polymux {
/// \addtogroup loop
/// \{

class EventLoop;

namespace detail {

/// A place in a ring of timers; both null for one that is not active.
struct TimerHook {
  TimerHook* previous = nullptr;
  TimerHook* next = nullptr;
};

}  // namespace detail

/// Calls a function once, at a point in time or later, never before.
///
/// \par Threads    The loop's own thread only.
/// \par Callbacks  May start, stop and destroy any timer and watcher, this one included. Timers
///                 that are due together fire in the order of their deadlines, equal ones in the
///                 order in which they were started. One that a callback starts fires in a later
///                 turn.
class POLYMUX_API Timer : private detail::TimerHook {
 public:
  /// What deadlines are points in time of: nobody sets it.
  using Clock = std::chrono::steady_clock;
  /// Called in the loop.
  using Callback = std::function<void()>;

  /// Is not started yet.
  ///
  /// \param loop      Where it is called; must outlive the timer.
  /// \param callback  What is called. What it throws comes out of `EventLoop::run`.
  Timer(EventLoop& loop, Callback callback) noexcept
      : loop_(&loop), callback_(std::move(callback)) {}
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  /// Stops.
  ~Timer();

  /// Fires `delay` from now; less than zero is as zero, and what overflows the clock is never. One
  /// that is active is set anew.
  ///
  /// \param delay  From now on.
  void start_after(std::chrono::nanoseconds delay) noexcept;
  /// Fires at a point in time, or in the next turn if that is over. One that is active is set anew.
  ///
  /// \param deadline  When; the greatest point in time is never.
  void start_at(Clock::time_point deadline) noexcept;

  /// Does not fire any more; a second time does nothing.
  void stop() noexcept;

  /// \return True from its start until it fires or is stopped.
  [[nodiscard]] bool is_active() const noexcept { return next != nullptr; }
  /// \return When it fires, if it is active.
  [[nodiscard]] Clock::time_point deadline() const noexcept { return deadline_; }

 private:
  friend class EventLoop;
  friend class TimerQueue;
  friend class TimerQueueTest;

  EventLoop* loop_;
  Clock::time_point deadline_{};
  Callback callback_;
};

/// \}
}  // namespace polymux
