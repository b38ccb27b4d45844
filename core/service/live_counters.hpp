#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

#include <polymux/service/connection_options.hpp>

namespace polymux {

/// A number that one thread changes while any may read it, also one of another process, by memory
/// that both have. Costs what a plain number does.
class LiveCounter {
 public:
  void operator+=(std::uint64_t by) noexcept { value_.store(get() + by, relaxed); }
  void operator++() noexcept { *this += 1; }
  void reset() noexcept { value_ = 0; }
  void operator--() noexcept { value_.store(get() - 1, relaxed); }

  [[nodiscard]] std::uint64_t get() const noexcept { return value_.load(relaxed); }

  /// The same, in one order with `get_in_order` of all counters.
  void increment_in_order() noexcept { value_.store(get() + 1); }
  [[nodiscard]] std::uint64_t get_in_order() const noexcept { return value_.load(); }

 private:
  static constexpr auto relaxed = std::memory_order_relaxed;

  std::atomic<std::uint64_t> value_{0};
};

/// `ConnectionCounters` of one loop, to be read from elsewhere. In cache lines of their own.
struct alignas(64) LiveCounters {
  LiveCounter accepted;
  LiveCounter active;
  LiveCounter closed;
  LiveCounter refused_limit;
  LiveCounter refused_descriptors;
  LiveCounter accept_errors;
  LiveCounter idle_timeouts;
  LiveCounter resets;
  LiveCounter bytes_in;
  LiveCounter bytes_out;
  LiveCounter backpressure;
  /// The process has no descriptor left for a client.
  std::atomic<bool> is_out_of_descriptors{false};
  /// Its loop accepts clients that any of them could.
  std::atomic<bool> is_accepting{false};

  void add_to(ConnectionCounters& sum) const noexcept {
    sum.accepted += accepted.get();
    sum.active += active.get();
    sum.closed += closed.get();
    sum.refused_limit += refused_limit.get();
    sum.refused_descriptors += refused_descriptors.get();
    sum.accept_errors += accept_errors.get();
    sum.idle_timeouts += idle_timeouts.get();
    sum.resets += resets.get();
    sum.bytes_in += bytes_in.get();
    sum.bytes_out += bytes_out.get();
    sum.backpressure += backpressure.get();
  }

  /// For the next one who counts here.
  void clear() noexcept {
    for (auto* const counter :
         {&accepted, &active, &closed, &refused_limit, &refused_descriptors, &accept_errors,
          &idle_timeouts, &resets, &bytes_in, &bytes_out, &backpressure}) {
      counter->reset();
    }
    is_out_of_descriptors = false;
    is_accepting = false;
  }

  [[nodiscard]] ConnectionCounters read() const noexcept {
    ConnectionCounters all;
    add_to(all);
    return all;
  }
};

[[nodiscard]] inline ConnectionCounters sum_of(std::span<const LiveCounters> counters) noexcept {
  ConnectionCounters sum;
  for (const auto& one : counters) one.add_to(sum);
  return sum;
}

/// Where a loop counts, among all that share its limits.
class CounterTable {
 public:
  CounterTable(std::span<LiveCounters> all, std::size_t own = 0, bool is_of_processes = false)
      : all_(all), own_(own), is_of_processes_(is_of_processes) {}

  [[nodiscard]] std::span<LiveCounters> all() const noexcept { return all_; }
  [[nodiscard]] LiveCounters& own_row() const noexcept { return all_[own_]; }
  /// Each has descriptors of its own.
  [[nodiscard]] bool is_of_processes() const noexcept { return is_of_processes_; }

  /// Takes one of so many places that all of them have, zero for no end, and counts who finds none
  /// as refused. Whoever has one is `active`.
  ///
  /// There never are more in all. Of those who come to two loops at the same moment for one last
  /// place, both may be refused.
  [[nodiscard]] bool take_seat(std::size_t places) const noexcept {
    // Each takes its place first and counts then: of two at once at least one sees the other.
    own_row().active.increment_in_order();
    if (places == 0) return true;
    std::uint64_t taken = 0;
    for (const auto& one : all_) taken += one.active.get_in_order();
    if (taken <= places) return true;
    leave_seat();
    ++own_row().refused_limit;
    return false;
  }
  void leave_seat() const noexcept { --own_row().active; }

 private:
  std::span<LiveCounters> all_;
  std::size_t own_;
  bool is_of_processes_;
};

}  // namespace polymux
