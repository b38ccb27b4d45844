#pragma once

#include <coroutine>
#include <optional>

#include <polymux/coroutine/task_run.hpp>
#include <polymux/coroutine/time_limit.hpp>
#include <polymux/loop/timer.hpp>

namespace polymux {
/// \addtogroup coroutine
/// \{

namespace detail {

/// What `sleep_for` and `sleep_until` await.
class [[nodiscard]] Sleep {
 public:
  explicit Sleep(TimeLimit limit) noexcept : limit_(limit) {}
  Sleep(const Sleep&) = delete;
  Sleep& operator=(const Sleep&) = delete;
  ~Sleep() = default;

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <RunPromise Promise>
  void await_suspend(std::coroutine_handle<Promise> waiting) {
    auto& run = waiting.promise().run();
    timer_.emplace(run.loop(), [&run, waiting] { run.resume(waiting); });
    timer_->start_at(limit_.at());
  }
  void await_resume() const noexcept {}

 private:
  TimeLimit limit_;
  std::optional<Timer> timer_;
};

}  // namespace detail

/// Waits so long, or longer, never shorter. Zero, or less, lets the others have their turn.
///
///     co_await sleep_for(100ms);
///
/// \param duration  From now on.
/// \return For `co_await`, which gives nothing.
[[nodiscard]] inline detail::Sleep sleep_for(std::chrono::nanoseconds duration) noexcept {
  return detail::Sleep(duration);
}

/// Waits until a point in time, or later. One that is over lets the others have their turn.
///
/// \param time  When to go on.
/// \return For `co_await`, which gives nothing.
[[nodiscard]] inline detail::Sleep sleep_until(Timer::Clock::time_point time) noexcept {
  return detail::Sleep(time);
}

/// \}
}  // namespace polymux
