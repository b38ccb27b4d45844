#pragma once

#include <atomic>

namespace polymux {

/// Decides whether a wake needs a system call: only a waiter that sleeps has to be roused through
/// its descriptor; one that is awake finds the mark before it sleeps.
///
/// Each side writes its own mark and then reads the other's, in one order that all agree on: either
/// who wakes sees the sleeper, or the sleeper sees the wake.
///
/// `request` may be called from any thread and signal handler, the rest from the waiter alone.
class WakeState {
 public:
  /// Asks for a wake. True if the wake-up descriptor has to be signalled.
  [[nodiscard]] bool request() noexcept {
    // Whoever asked first sees to the signal.
    return !is_requested_.exchange(true) && is_asleep_.load();
  }

  /// Before the waiter sleeps. False if a wake is asked for: it must only look.
  [[nodiscard]] bool enter_sleep() noexcept {
    is_asleep_.store(true);
    return !is_requested_.load();
  }

  /// True while a wake that was asked for has not been taken.
  [[nodiscard]] bool is_requested() const noexcept { return is_requested_.load(); }

  /// Takes the wake that was asked for, if any, after a wait. Who still sees a sleeper signals for
  /// nothing.
  [[nodiscard]] bool take() noexcept {
    is_asleep_.store(is_always_asleep_, std::memory_order_relaxed);
    // Most often there is none, and nothing to write.
    return is_requested_.load(std::memory_order_relaxed) && is_requested_.exchange(false);
  }

  /// From now on every wake signals the descriptor, for somebody else waits for it. True if one
  /// that was asked for before has to be signalled now.
  bool always_signal() noexcept {
    is_always_asleep_ = true;
    return !enter_sleep();
  }

 private:
  using Mark = std::atomic<bool>;
  static_assert(Mark::is_always_lock_free, "set in signal handlers");

  Mark is_requested_{false};
  Mark is_asleep_{false};
  bool is_always_asleep_ = false;
};

}  // namespace polymux
