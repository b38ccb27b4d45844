#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <memory>
#include <span>
#include <system_error>
#include <thread>

#include "platform/signals.hpp"

namespace polymux {

/// Takes signals where it suits, by sigwait(2), and time as one of them: they interrupt nothing,
/// and there is no handler that could do too little or too much.
///
/// \par Threads  Made and destroyed by one thread, before and after all those that it starts: they
///               have the signals blocked as it has. One of them, or it, waits.
class SignalWait {
 public:
  using Clock = std::chrono::steady_clock;

  SignalWait() noexcept;
  SignalWait(const SignalWait&) = delete;
  SignalWait& operator=(const SignalWait&) = delete;
  /// Forgets those that wait to be taken, and restores what was before.
  ~SignalWait();

  /// Blocks the signals, at most `most_signals`, for this thread and those that it will start.
  /// SIGALRM, which `set_alarm` uses, is always one of them.
  [[nodiscard]] std::error_code open(std::span<const int> numbers) noexcept;

  /// Waits for the next signal and returns its number: SIGALRM also after `wake`.
  [[nodiscard]] int wait() noexcept;

  /// Has SIGALRM come once, at that time or at once if it has passed; the greatest there is: never.
  void set_alarm(Clock::time_point at) noexcept;

  /// Has `wait`, in another thread, return.
  static void wake(std::thread& waiting) noexcept;

  /// In a child: signals other than those in `kept` are as in a new process. Those stay blocked,
  /// hence nothing happens to it by them.
  void become_child(std::span<const int> kept) noexcept;

  static constexpr std::size_t most_signals = 8;

 private:
  struct Masks;

  std::unique_ptr<Masks> masks_;
  /// Signals whose default is to be ignored may be thrown away even if they are blocked: POSIX
  /// leaves that open. With a handler, which never runs, they are not.
  std::array<SignalHandler, most_signals + 1> handlers_;
};

}  // namespace polymux
