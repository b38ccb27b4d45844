#pragma once

#include <concepts>
#include <coroutine>
#include <exception>
#include <functional>

#include <polymux/export.hpp>
#include <polymux/loop/event_loop.hpp>
#include <polymux/loop/loop_end.hpp>

namespace polymux {
/// \addtogroup coroutine
/// \{

namespace detail {
template <class T>
class Join;
}

/// One spawned task: the chain of coroutines that wait for each other, of which one at a time runs
/// or waits for the loop. For those who write an awaitable; programs have `spawn` and `Spawned`.
///
/// \par Threads  The loop's own thread only.
class POLYMUX_API TaskRun : private detail::LoopEnd {
 public:
  /// For `spawn`, which makes one for each task.
  ///
  /// \param loop  Where the task runs; must outlive the run.
  explicit TaskRun(EventLoop& loop) noexcept : loop_(loop) {}
  TaskRun(const TaskRun&) = delete;
  TaskRun& operator=(const TaskRun&) = delete;
  /// After its coroutines.
  ~TaskRun() override = default;

  /// \return The loop in which the task runs.
  [[nodiscard]] EventLoop& loop() const noexcept { return loop_; }

  /// Goes on with `waiting`, the coroutine of this run that has suspended itself last. The last
  /// thing that an awaitable does: it may destroy the coroutine, the awaitable and this run. What a
  /// detached task throws comes out of it.
  ///
  /// \param waiting  The handle that `await_suspend` was given.
  void resume(std::coroutine_handle<> waiting);

 private:
  template <class T>
  friend class Spawned;
  template <class T>
  friend class detail::Join;

  /// \cond
  // Who waits for the end of a run.
  class Joiner {
   public:
    Joiner() = default;
    Joiner(const Joiner&) = delete;
    Joiner& operator=(const Joiner&) = delete;
    virtual ~Joiner() = default;

    virtual void on_done() = 0;
    /// The run is gone when this returns.
    virtual void on_cancelled() noexcept = 0;
  };
  /// \endcond

  /// Its outermost coroutine, which ends suspended.
  [[nodiscard]] virtual std::coroutine_handle<> outermost() noexcept = 0;
  [[nodiscard]] virtual std::exception_ptr error() const noexcept = 0;

  [[nodiscard]] bool is_done() noexcept { return outermost().done(); }
  /// Nobody holds it any more: destroyed as soon as it is done, or not running if it is cancelled.
  void abandon(bool cancels);
  void settle();
  void destroy_abandoned();
  void on_loop_end() noexcept override;

  EventLoop& loop_;
  Joiner* joiner_ = nullptr;
  std::function<void()> when_done_;
  bool is_running_ = false;
  bool is_abandoned_ = false;
  bool is_cancelled_ = false;
};

/// The promise of a coroutine that belongs to a run: of a `Task`.
template <class Promise>
concept RunPromise = requires(Promise& promise) {
  { promise.run() } -> std::same_as<TaskRun&>;
};

/// \}
}  // namespace polymux
