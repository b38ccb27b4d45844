#pragma once

#include <functional>
#include <system_error>
#include <utility>

#include <polymux/export.hpp>

namespace polymux {
/// \addtogroup loop
/// \{

class EventLoop;

/// Calls a function in the loop when the process gets a signal.
///
/// Signals belong to the process: any number of loops, in any threads, may watch the same one, and
/// each is told. Several of the same signal before a loop's turn may be told once. The handler is
/// installed (with SA_RESTART) by the first watch of a signal, and what was there before comes back
/// after the last one (sigaction(2)).
///
/// \par Threads    The loop's own thread only. The signal needs to be unblocked in some thread.
/// \par Callbacks  May start, stop and destroy any watch, this one included.
class POLYMUX_API SignalWatch {
 public:
  /// Called in the loop, once a turn at most.
  using Callback = std::function<void()>;

  /// Watches nothing yet.
  ///
  /// \param loop      Where it is called; must outlive the watch.
  /// \param callback  What is called. What it throws comes out of `EventLoop::run`.
  SignalWatch(EventLoop& loop, Callback callback) noexcept
      : loop_(&loop), callback_(std::move(callback)) {}
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;
  /// Stops.
  ~SignalWatch();

  /// Begins to watch. One that is active is stopped first.
  ///
  /// \param signal_number  Such as SIGTERM.
  /// \return `invalid_argument` for what is no signal or cannot be caught (SIGKILL, SIGSTOP), or
  ///         the system's code. Throws `std::bad_alloc`.
  [[nodiscard]] std::error_code start(int signal_number);

  /// Watches no more; a second time does nothing.
  void stop() noexcept;

  /// \return True while a signal is watched.
  [[nodiscard]] bool is_active() const noexcept { return signal_number_ != 0; }
  /// \return The signal that is watched, or 0.
  [[nodiscard]] int signal_number() const noexcept { return signal_number_; }

 private:
  friend class SignalInbox;

  EventLoop* loop_;
  int signal_number_ = 0;
  Callback callback_;
  /// Where to note that a callback destroyed its watch.
  bool* was_destroyed_ = nullptr;
};

/// \}
}  // namespace polymux
