#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include <polymux/export.hpp>
#include <polymux/loop/timer.hpp>
#include <polymux/loop/watcher.hpp>
#include <polymux/poller/poller.hpp>

namespace polymux {
/// \addtogroup loop
/// \{

namespace detail {
class LoopEnd;
}
class InterestChanges;
class SignalInbox;
class TimerQueue;
class TurnEnd;

/// Waits on one `Poller` and calls who is concerned: watchers, timers, posted tasks, signals.
///
/// \par Threads  One thread at a time; `post` and `stop` from any thread, `stop` also from signal
///               handlers.
class POLYMUX_API EventLoop {
 public:
  /// What `post` takes.
  using Callback = std::function<void()>;

  /// Does nothing before it is run. Throws `std::bad_alloc`.
  ///
  /// \param poller  What to wait with, as `open_poller()` gives it; must not be null. The loop owns
  ///                it.
  explicit EventLoop(std::unique_ptr<Poller> poller);
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;
  /// Its watchers, timers and signal watches must be gone by then. Detached coroutine tasks that
  /// wait are cancelled; what was posted and did not run is destroyed.
  ~EventLoop();

  /// Runs until `stop`. One that came before makes it return at once.
  ///
  /// What a callback throws comes out of it; the loop can be run again, and loses no event. A wait
  /// that fails for want of memory is tried again for five seconds.
  ///
  /// \return The error of a wait that failed; `operation_in_progress` if called from a callback.
  [[nodiscard]] std::error_code run();

  /// One turn: waits, at most so long, until there is something to do, and does it.
  ///
  /// \param timeout  How long to wait at most; zero only does what can be done now.
  /// \return As `run`.
  [[nodiscard]] std::error_code run_once(Timeout timeout = std::nullopt);

  /// Makes `run` return after the present turn.
  void stop() noexcept;

  /// Has a function called in the loop's thread, in the order of posting. Throws `std::bad_alloc`.
  ///
  /// \param callback  Called once. It is destroyed uncalled if the loop is destroyed before.
  void post(Callback callback);

  /// To wait for it in another loop (`Poller::pollable_handle`). From then on watchers tell it at
  /// once what they want, unless the loop runs.
  ///
  /// \return The poller that the loop owns.
  [[nodiscard]] Poller& poller() noexcept;

 private:
  friend class detail::LoopEnd;
  friend class InterestChanges;
  friend class SignalWatch;
  friend class Timer;
  friend class TurnEnd;
  friend class Watcher;

  using Clock = Timer::Clock;

  /// Events of one wait: enough that the cost of the wait is shared, few enough that timers and
  /// tasks have their turn.
  static constexpr std::size_t batch_size = 256;

  /// Marks that the loop runs, and in which thread.
  class POLYMUX_HIDDEN Running;

  /// Waits, and calls whom the events concern. False if the wait failed; `failure_` says why.
  [[nodiscard]] bool wait_and_dispatch(Timeout timeout);
  /// There is something to do beside events, or to wait for.
  [[nodiscard]] bool has_more_than_events() const noexcept;
  /// What has to be done after the events.
  void finish_turn();
  /// How long to wait, at most `longest`.
  [[nodiscard]] Timeout until_next(Timeout longest) noexcept;
  void fire_timers();
  void fire(Timer& timer);
  void end_turn() noexcept;
  void tell_changes() noexcept;
  /// The time, read at most once between two callbacks.
  [[nodiscard]] Clock::time_point now() noexcept {
    if (!has_now_) now_ = Clock::now();
    has_now_ = true;
    return now_;
  }
  [[nodiscard]] bool is_in_loop_thread() const noexcept;
  void run_tasks();
  /// Puts the tasks of `due` that did not run before those that were posted meanwhile.
  void requeue(std::vector<Callback>& due, std::size_t from);
  void forget(const Watcher& watcher) noexcept;
  /// Has a watcher told that its descriptor was closed. False if there is no room for it now.
  [[nodiscard]] bool put_invalid(const Watcher& watcher) noexcept;
  [[nodiscard]] SignalInbox& signals();

  std::unique_ptr<Poller> poller_;
  std::array<Event, batch_size> batch_;
  /// What is left of the batch: the events in [next_, end_).
  Event* next_ = batch_.data();
  Event* end_ = batch_.data();
  std::unique_ptr<TimerQueue> timers_;
  /// The one whose callback runs, until it is destroyed.
  Timer* firing_ = nullptr;
  std::unique_ptr<SignalInbox> signals_;
  /// Those that want to be told of the end of this turn, linked.
  TurnEnd* turn_ends_ = nullptr;
  /// Those that end with the loop, linked.
  detail::LoopEnd* loop_ends_ = nullptr;
  std::unique_ptr<InterestChanges> interest_changes_;
  Clock::time_point now_{};
  bool has_now_ = false;
  std::error_code failure_{};
  bool is_running_ = false;
  /// Somebody else may wait for what it reports.
  bool is_poller_shared_ = false;
  /// Whose turn it is; nobody's while the loop does not run.
  std::atomic<std::thread::id> thread_{};
  std::atomic<bool> is_stopping_{false};
  std::atomic<bool> has_tasks_{false};
  std::mutex tasks_mutex_;
  std::vector<Callback> tasks_;
};

/// \}
}  // namespace polymux
