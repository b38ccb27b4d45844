#pragma once

#include <cassert>
#include <concepts>
#include <coroutine>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

#include <polymux/coroutine/task_run.hpp>

namespace polymux {
/// \addtogroup coroutine
/// \{

template <class T>
class Task;

namespace detail {

/// What the promises of all tasks share.
class TaskPromise {
 public:
  /// To whom control goes at the end: nobody if the caller is still on the stack.
  struct Final {
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    template <class Promise>
    [[nodiscard]] std::coroutine_handle<> await_suspend(
        std::coroutine_handle<Promise> ended) const noexcept {
      const auto caller = ended.promise().caller_;
      return caller ? caller : std::noop_coroutine();
    }
    void await_resume() const noexcept {}
  };

  [[nodiscard]] std::suspend_always initial_suspend() const noexcept { return {}; }
  [[nodiscard]] Final final_suspend() const noexcept { return {}; }
  void unhandled_exception() noexcept { error_ = std::current_exception(); }

  /// Of a coroutine that runs.
  [[nodiscard]] TaskRun& run() const noexcept { return *run_; }

 protected:
  ~TaskPromise() = default;

  [[nodiscard]] const std::exception_ptr& thrown() const noexcept { return error_; }
  void rethrow() const {
    if (error_) std::rethrow_exception(error_);
  }

 private:
  template <class T>
  friend class polymux::Task;

  TaskRun* run_ = nullptr;
  std::coroutine_handle<> caller_;
  std::exception_ptr error_;
};

template <class T>
class ValuePromise : public TaskPromise {
 public:
  template <class Value>
  requires std::constructible_from<T, Value>
  void return_value(Value&& value) { value_.emplace(std::forward<Value>(value)); }
  [[nodiscard]] T take() {
    rethrow();
    return std::move(*value_);
  }

 private:
  std::optional<T> value_;
};

template <>
class ValuePromise<void> : public TaskPromise {
 public:
  void return_void() const noexcept {}
  void take() const { rethrow(); }
};

}  // namespace detail

/// A coroutine that computes a `T`, or nothing: a function whose body may `co_await`.
///
///     Task<std::size_t> copy(int from, int to);
///
/// Nothing happens before it is awaited, by another task or by `spawn`. Then its body runs at once,
/// as that of a function that is called, until it waits for something; a call that never waits
/// costs no more stack than a function's. What it throws comes out of the `co_await`. A call costs
/// one allocation, that of the frame, and waiting costs none.
///
/// To destroy a task destroys its frame, and with it everything that its body has: also while it
/// waits, which then ends. Not while it runs: a body cannot destroy the task that it belongs to,
/// but it may cancel it (`Spawned::cancel`).
///
/// Arguments that are references have to live as long as the task. A lambda that is a coroutine
/// must not capture: its captures die with the lambda; it takes arguments instead.
///
/// GCC 12 destroys what an expression with `?:` makes as if it had made both, if there is a
/// `co_await` in it: write `if`, as `if (is_new) co_await begin(); else co_await go_on();`.
///
/// \par Threads  The loop's own thread only.
template <class T = void>
class [[nodiscard]] Task {
  static_assert(!std::is_reference_v<T>, "a task returns a value: return a pointer instead");

 public:
  /// \cond
  // What the compiler keeps in the frame of the coroutine.
  class promise_type : public detail::ValuePromise<T> {
   public:
    [[nodiscard]] Task get_return_object() noexcept {
      return Task(std::coroutine_handle<promise_type>::from_promise(*this));
    }
  };
  /// \endcond

  /// Takes the coroutine of another, which is left without any.
  ///
  /// \param other  Is only to be destroyed, or given another, after that.
  Task(Task&& other) noexcept : frame_(std::exchange(other.frame_, nullptr)) {}
  /// Destroys its coroutine and takes that of another, which is left without any.
  ///
  /// \param other  Is only to be destroyed, or given another, after that.
  /// \return This.
  Task& operator=(Task&& other) noexcept {
    Task old(std::exchange(frame_, std::exchange(other.frame_, nullptr)));
    return *this;
  }
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;
  /// Destroys the coroutine, and everything that its body has.
  ~Task() {
    if (frame_) frame_.destroy();
  }

  /// \cond
  // For `co_await`, once: `co_await task()` or `co_await std::move(task)`.
  class Call {
   public:
    explicit Call(std::coroutine_handle<promise_type> frame) noexcept : frame_(frame) {}

    [[nodiscard]] bool await_ready() const noexcept { return false; }

    // The body runs from here, rather than by a transfer of control, for not every build makes a
    // jump of that: a loop over tasks that never wait would take more stack with each. A task that
    // has waited goes on with its caller by a transfer, and the stack is as deep as calls are
    // nested.
    template <RunPromise Promise>
    [[nodiscard]] bool await_suspend(std::coroutine_handle<Promise> caller) const noexcept {
      auto& promise = frame_.promise();
      promise.run_ = &caller.promise().run();
      frame_.resume();
      if (frame_.done()) return false;
      promise.caller_ = caller;
      return true;
    }

    [[nodiscard]] T await_resume() const { return frame_.promise().take(); }

   private:
    std::coroutine_handle<promise_type> frame_;
  };

  [[nodiscard]] Call operator co_await() && noexcept {
    assert(frame_ && !frame_.done());
    return Call(frame_);
  }
  /// \endcond

 private:
  explicit Task(std::coroutine_handle<promise_type> frame) noexcept : frame_(frame) {}

  std::coroutine_handle<promise_type> frame_;
};

/// \}
}  // namespace polymux
