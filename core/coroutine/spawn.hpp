#pragma once

#include <chrono>
#include <coroutine>
#include <exception>
#include <functional>
#include <optional>
#include <system_error>
#include <utility>

#include <polymux/coroutine/task.hpp>
#include <polymux/coroutine/task_run.hpp>
#include <polymux/loop/event_loop.hpp>
#include <polymux/loop/timer.hpp>

namespace polymux {
/// \addtogroup coroutine
/// \{

/// A task that runs in a loop. Destroying it cancels the task, unless that is done or detached.
///
/// \par Threads  The loop's own thread only.
template <class T = void>
class [[nodiscard]] Spawned {
 public:
  /// Of no task.
  Spawned() = default;
  /// Takes the task of another, which has none then.
  ///
  /// \param other  What to take it from.
  Spawned(Spawned&& other) noexcept : frame_(std::exchange(other.frame_, nullptr)) {}
  /// Cancels its task and takes that of another, which has none then.
  ///
  /// \param other  What to take it from.
  /// \return This.
  Spawned& operator=(Spawned&& other) noexcept {
    Spawned old(std::exchange(frame_, std::exchange(other.frame_, nullptr)));
    return *this;
  }
  Spawned(const Spawned&) = delete;
  Spawned& operator=(const Spawned&) = delete;
  /// As `cancel`.
  ~Spawned() { cancel(); }

  /// \return False if there is no task: it was cancelled, detached or moved from.
  [[nodiscard]] explicit operator bool() const noexcept { return static_cast<bool>(frame_); }

  /// \return True if the task has returned, or thrown.
  [[nodiscard]] bool is_done() const noexcept { return frame_ && frame_.done(); }

  /// What came of it. Of one that is done, once.
  ///
  /// \return What the task returned, or throws what it threw.
  [[nodiscard]] T result() { return frame_.promise().take(); }

  /// Destroys its frames, and with them everything that its bodies have; what they wait for is not
  /// waited for any more. One that is running ends when it waits next, or returns. Who joins it is
  /// told.
  void cancel() noexcept {
    // What is cancelled throws nothing.
    if (frame_) std::exchange(frame_, nullptr).promise().abandon(true);
  }

  /// Lets it run to its end by itself, or until its loop is destroyed, which cancels it. What it
  /// throws then comes out of `EventLoop::run`; if it has thrown already, out of here.
  void detach() {
    if (frame_) std::exchange(frame_, nullptr).promise().abandon(false);
  }

  /// Waits, in another task of the same loop, until it is done.
  ///
  /// \return For `co_await`: what the task returned, or throws what it threw; `std::system_error`
  ///         with `operation_canceled` if it is cancelled meanwhile, or there is none, and with
  ///         `operation_in_progress` if another joins it.
  [[nodiscard]] detail::Join<T> join() noexcept { return detail::Join<T>(frame_); }

  /// Has a function called from the loop, once, when it is done; not if it is cancelled or joined.
  /// If it is done already nothing is called: ask `is_done` first.
  ///
  /// \param callback  May destroy this. Of two that are given, the second one counts.
  void when_done(std::function<void()> callback) {
    frame_.promise().when_done_ = std::move(callback);
  }

  /// The outermost coroutine, which keeps the result.
  class promise_type;

 private:
  friend class detail::Join<T>;
  using Frame = std::coroutine_handle<promise_type>;

  template <class Value>
  friend Spawned<Value> spawn(EventLoop& loop, Task<Value> task);

  explicit Spawned(Frame frame) noexcept : frame_(frame) {}

  static Spawned begin(EventLoop& loop, Task<T> task);

  Frame frame_;
};

/// \cond
template <class T>
class Spawned<T>::promise_type final : public detail::ValuePromise<T>, public TaskRun {
 public:
  // The coroutine's arguments.
  promise_type(EventLoop& loop, const Task<T>& /*task*/) noexcept : TaskRun(loop) {}

  [[nodiscard]] TaskRun& run() noexcept { return *this; }
  [[nodiscard]] Spawned get_return_object() noexcept { return Spawned(Frame::from_promise(*this)); }
  using TaskRun::resume;

 private:
  friend class Spawned;
  friend class detail::Join<T>;

  [[nodiscard]] std::coroutine_handle<> outermost() noexcept override {
    return Frame::from_promise(*this);
  }
  [[nodiscard]] std::exception_ptr error() const noexcept override { return this->thrown(); }
};

template <class T>
Spawned<T> Spawned<T>::begin(EventLoop& /*loop*/, Task<T> task) {
  co_return co_await std::move(task);
}
/// \endcond

namespace detail {

/// What `Spawned::join` awaits.
template <class T>
class [[nodiscard]] Join final : private TaskRun::Joiner {
 public:
  Join(const Join&) = delete;
  Join& operator=(const Join&) = delete;
  /// Lets it run on.
  ~Join() override {
    if (is_joined_) joined_.promise().joiner_ = nullptr;
  }

  [[nodiscard]] bool await_ready() const noexcept { return !joined_ || joined_.done(); }

  template <RunPromise Promise>
  [[nodiscard]] bool await_suspend(std::coroutine_handle<Promise> waiting) {
    auto& joiner = joined_.promise().joiner_;
    if (joiner != nullptr) {
      failure_ = std::errc::operation_in_progress;
      return false;
    }
    joiner = this;
    is_joined_ = true;
    run_ = &waiting.promise().run();
    waiting_ = waiting;
    return true;
  }

  [[nodiscard]] T await_resume() {
    if (!joined_ || !joined_.done()) throw std::system_error(std::make_error_code(failure_));
    return joined_.promise().take();
  }

 private:
  friend class Spawned<T>;
  using Frame = typename Spawned<T>::Frame;

  explicit Join(Frame joined) noexcept : joined_(joined) {}

  void on_done() override {
    is_joined_ = false;
    run_->resume(waiting_);
  }
  // Who cancels, or destroys, is not to find other code in between.
  void on_cancelled() noexcept override {
    is_joined_ = false;
    joined_ = nullptr;
    later_.emplace(run_->loop(), [this] { run_->resume(waiting_); });
    later_->start_after(std::chrono::nanoseconds::zero());
  }

  Frame joined_;
  std::errc failure_ = std::errc::operation_canceled;
  bool is_joined_ = false;
  TaskRun* run_ = nullptr;
  std::coroutine_handle<> waiting_;
  std::optional<Timer> later_;
};

}  // namespace detail

/// Begins a task in a loop: its body runs at once, until it waits for something.
///
/// Throws `std::bad_alloc`; costs an allocation of its own.
///
/// \param loop  Where it runs; must outlive the task.
/// \param task  What runs.
/// \return The task, to wait for, cancel or detach it.
template <class T>
[[nodiscard]] Spawned<T> spawn(EventLoop& loop, Task<T> task) {
  auto spawned = Spawned<T>::begin(loop, std::move(task));
  spawned.frame_.promise().resume(spawned.frame_);
  return spawned;
}

/// \}
}  // namespace polymux
