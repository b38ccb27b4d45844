#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include <polymux/service/connection_options.hpp>

namespace polymux {

/// `ConnectionCounters` that any number of threads, or of processes in shared memory, count with.
/// Each is right by itself; a `snapshot` is not of one moment.
struct ServerCounters {
  using Counter = std::atomic<std::uint64_t>;
  static_assert(Counter::is_always_lock_free, "a lock is of one process alone");

  Counter accepted{0};
  Counter active{0};
  Counter closed{0};
  Counter refused_limit{0};
  Counter refused_descriptors{0};
  Counter accept_errors{0};
  Counter idle_timeouts{0};
  Counter resets{0};
  Counter bytes_in{0};
  Counter bytes_out{0};
  Counter backpressure{0};

  static void add(Counter& counter, std::uint64_t count = 1) noexcept {
    counter.fetch_add(count, std::memory_order_relaxed);
  }

  /// One more client, or false if there are `most` already; zero is no limit.
  [[nodiscard]] bool enter(std::size_t most) noexcept {
    auto now = active.load(std::memory_order_relaxed);
    do {
      if (most != 0 && now >= most) {
        add(refused_limit);
        return false;
      }
    } while (!active.compare_exchange_weak(now, now + 1, std::memory_order_relaxed));
    add(accepted);
    return true;
  }

  /// One that had entered is closed.
  void leave() noexcept {
    active.fetch_sub(1, std::memory_order_relaxed);
    add(closed);
  }

  [[nodiscard]] ConnectionCounters snapshot() const noexcept {
    const auto of = [](const Counter& counter) { return counter.load(std::memory_order_relaxed); };
    return {.accepted = of(accepted),
            .active = of(active),
            .closed = of(closed),
            .refused_limit = of(refused_limit),
            .refused_descriptors = of(refused_descriptors),
            .accept_errors = of(accept_errors),
            .idle_timeouts = of(idle_timeouts),
            .resets = of(resets),
            .bytes_in = of(bytes_in),
            .bytes_out = of(bytes_out),
            .backpressure = of(backpressure)};
  }
};

}  // namespace polymux
