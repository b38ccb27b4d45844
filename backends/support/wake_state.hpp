#pragma once

#include <atomic>
#include <cstdint>

namespace polymux {

/// Decides whether a wake needs a system call: only a waiter that sleeps has to be roused through
/// its descriptor; one that is awake finds the mark before it sleeps.
///
/// `request` may be called from any thread and signal handler, the rest from the waiter alone.
class WakeState {
 public:
  /// Asks for a wake. True if the wake-up descriptor has to be signalled.
  [[nodiscard]] bool request() noexcept { return state_.exchange(requested) == sleeping; }

  /// Before the waiter sleeps. False if a wake is asked for: it must only look.
  [[nodiscard]] bool enter_sleep() noexcept {
    auto expected = awake;
    return state_.compare_exchange_strong(expected, sleeping) || expected == sleeping;
  }

  /// True while a wake that was asked for has not been taken.
  [[nodiscard]] bool is_requested() const noexcept { return state_.load() == requested; }

  /// Takes the wake that was asked for, if any, after a wait.
  [[nodiscard]] bool take() noexcept {
    // Most often there is none, and nothing to write.
    if (state_.load(std::memory_order_relaxed) == rest_) return false;
    return state_.exchange(rest_) == requested;
  }

  /// From now on every wake signals the descriptor, for somebody else waits for it. True if one
  /// that was asked for before has to be signalled now.
  bool always_signal() noexcept {
    rest_ = sleeping;
    auto expected = awake;
    return !state_.compare_exchange_strong(expected, sleeping) && expected == requested;
  }

 private:
  using State = std::uint32_t;
  static constexpr State awake = 0;
  static constexpr State sleeping = 1;
  static constexpr State requested = 2;

  std::atomic<State> state_{awake};
  static_assert(std::atomic<State>::is_always_lock_free, "set in signal handlers");
  State rest_ = awake;
};

}  // namespace polymux
