#pragma once

#include <array>
#include <coroutine>
#include <cstddef>
#include <optional>
#include <system_error>

#include <polymux/coroutine/task_run.hpp>
#include <polymux/coroutine/time_limit.hpp>
#include <polymux/export.hpp>
#include <polymux/loop/event_loop.hpp>
#include <polymux/loop/timer.hpp>
#include <polymux/loop/watcher.hpp>

namespace polymux {
/// \addtogroup coroutine
/// \{

namespace detail {
class SingleWait;
}

/// A descriptor that tasks wait for, one task at a time for each direction.
///
///     AwaitableFd socket(loop, fd);
///     if (const auto error = co_await socket.readable(5s)) ...
///
/// It is registered by the first wait and stays so: a task that waits, reads, and waits again in
/// the same turn of the loop costs no system call for it. For a single wait there are
/// `readable(fd)` and `writable(fd)`.
///
/// The descriptor is borrowed: `close` (or destruction) comes before it is closed. Nobody should
/// wait then; who does is told nothing before his time is over.
///
/// \par Threads  The loop's own thread only.
class POLYMUX_API AwaitableFd final : private Watcher {
 public:
  class Wait;

  /// Is not registered yet.
  ///
  /// \param loop  Where its tasks run; must outlive it.
  /// \param fd    An open descriptor, borrowed.
  AwaitableFd(EventLoop& loop, int fd) noexcept : Watcher(loop), number_(fd) {}
  AwaitableFd(const AwaitableFd&) = delete;
  AwaitableFd& operator=(const AwaitableFd&) = delete;
  /// As `close`.
  ~AwaitableFd() override;

  /// Waits until a read would not block, also for end of stream or an error that waits there.
  ///
  /// \param limit  When to give up; without one, never.
  /// \return For `co_await`: nothing if it is ready. `timed_out` if the time is over before: who is
  ///         ready by then is ready. `operation_canceled` after `interrupt`,
  ///         `operation_in_progress` if another task waits for the same, `Errc::bad_descriptor` for
  ///         what is closed, or as `Poller::add`.
  [[nodiscard]] Wait readable(TimeLimit limit = {}) noexcept;
  /// The same until a write would not block, or would fail at once.
  ///
  /// \param limit  When to give up; without one, never.
  /// \return As `readable`.
  [[nodiscard]] Wait writable(TimeLimit limit = {}) noexcept;

  /// Those who wait are told so, and go on: `operation_canceled`.
  void interrupt();

  /// No more is registered; those who wait wait on. A later wait registers again.
  void close() noexcept { stop(); }

  /// \return The descriptor.
  [[nodiscard]] int get() const noexcept { return number_; }

 private:
  enum Direction : std::size_t { reading, writing, directions };

  void on_ready(Ready ready) override;
  [[nodiscard]] std::error_code enter(Wait& wait) noexcept;
  void leave(const Wait& wait) noexcept;
  [[nodiscard]] std::error_code tell_interest() noexcept;
  /// After somebody has left: what is told too much then is told again.
  void lose_interest() noexcept;
  /// Lets those of the directions go on, in the order of these; then watches for those who wait.
  void finish(bool reads, bool writes, std::error_code outcome);

  int number_;
  std::array<Wait*, directions> waits_{};
  /// Where to note that a task destroyed this.
  bool* was_destroyed_ = nullptr;
};

/// What `AwaitableFd::readable` and `writable` await: `co_await` gives its `std::error_code`.
class [[nodiscard]] POLYMUX_API AwaitableFd::Wait {
 public:
  /// As `readable` and `writable`; does not wait yet.
  ///
  /// \param fd        What to wait for; if it is destroyed nobody is told before the limit.
  /// \param interest  `Interest::read` or `Interest::write`.
  /// \param limit     When to give up.
  Wait(AwaitableFd& fd, Interest interest, TimeLimit limit) noexcept
      : fd_(&fd), direction_(interest == Interest::read ? reading : writing), limit_(limit) {}
  Wait(const Wait&) = delete;
  Wait& operator=(const Wait&) = delete;
  /// Waits no more.
  ~Wait();

  /// \cond
  // For the compiler, which calls them for `co_await`.
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <RunPromise Promise>
  [[nodiscard]] bool await_suspend(std::coroutine_handle<Promise> waiting) {
    return begin(waiting.promise().run(), waiting);
  }
  [[nodiscard]] std::error_code await_resume() const noexcept { return outcome_; }
  /// \endcond

 private:
  friend class AwaitableFd;
  friend class detail::SingleWait;

  /// True if there is something to wait for.
  [[nodiscard]] bool begin(TaskRun& run, std::coroutine_handle<> waiting);
  void finish(std::error_code outcome);

  /// Null if it was destroyed.
  AwaitableFd* fd_;
  Direction direction_;
  bool is_waiting_ = false;
  TimeLimit limit_;
  TaskRun* run_ = nullptr;
  std::coroutine_handle<> waiting_;
  std::error_code outcome_;
  std::optional<Timer> timer_;
};

namespace detail {

/// What `readable(fd)` and `writable(fd)` await.
class [[nodiscard]] POLYMUX_API SingleWait {
 public:
  SingleWait(int fd, Interest interest, TimeLimit limit) noexcept
      : number_(fd), interest_(interest), limit_(limit) {}
  SingleWait(const SingleWait&) = delete;
  SingleWait& operator=(const SingleWait&) = delete;
  ~SingleWait();

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <RunPromise Promise>
  [[nodiscard]] bool await_suspend(std::coroutine_handle<Promise> waiting) {
    return begin(waiting.promise().run(), waiting);
  }
  [[nodiscard]] std::error_code await_resume() noexcept;

 private:
  [[nodiscard]] bool begin(TaskRun& run, std::coroutine_handle<> waiting);

  int number_;
  Interest interest_;
  TimeLimit limit_;
  std::optional<AwaitableFd> fd_;
  // Goes before what it waits for.
  std::optional<AwaitableFd::Wait> wait_;
};

}  // namespace detail

/// Waits once for a descriptor that nothing else of this loop watches: registers it, waits, and
/// takes it out again. As `AwaitableFd::readable` and `writable`.
///
///     const auto error = co_await readable(fd, 5s);
///     if (error == std::errc::timed_out) ...
///
/// \param fd     An open descriptor, borrowed until the wait is over.
/// \param limit  When to give up; without one, never.
/// \return For `co_await`, as `AwaitableFd::readable`.
[[nodiscard]] inline detail::SingleWait readable(int fd, TimeLimit limit = {}) noexcept {
  return {fd, Interest::read, limit};
}
/// The same until a write would not block, or would fail at once.
///
/// \param fd     An open descriptor, borrowed until the wait is over.
/// \param limit  When to give up; without one, never.
/// \return For `co_await`, as `AwaitableFd::writable`.
[[nodiscard]] inline detail::SingleWait writable(int fd, TimeLimit limit = {}) noexcept {
  return {fd, Interest::write, limit};
}

/// \}
}  // namespace polymux
