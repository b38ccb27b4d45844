#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>

#include "core/service/live_counters.hpp"

namespace polymux {

/// How many values were at most as great as each of `bounds`, which rise; the last place is for
/// those that were greater.
template <std::size_t size>
struct Distribution {
  std::array<std::uint64_t, size> counts{};
  /// Of all values, in their unit.
  std::uint64_t sum = 0;
};

/// The places of `LoopMeasures`. What lies between two of them is known no better.
struct LoopBounds {
  /// Nanoseconds, from 10 microseconds to 1 second.
  static constexpr std::array<std::uint64_t, 16> turn{
      10'000,      25'000,      50'000,      100'000,      250'000,    500'000,
      1'000'000,   2'500'000,   5'000'000,   10'000'000,   25'000'000, 50'000'000,
      100'000'000, 250'000'000, 500'000'000, 1'000'000'000};
  static constexpr std::array<std::uint64_t, 10> events{0, 1, 2, 4, 8, 16, 32, 64, 128, 255};
};

/// What the turns of loops were like.
struct LoopTotals {
  /// How long each turn took, from the end of a wait to the beginning of the next: who was ready
  /// when it began has waited for so long at most.
  Distribution<LoopBounds::turn.size() + 1> turn_time;
  /// How many events each wait found.
  Distribution<LoopBounds::events.size() + 1> events;
};

/// The same of one loop, to be read by any thread, and by other processes in memory that they have
/// in common.
struct alignas(64) LoopMeasures {
  void note_turn(std::chrono::nanoseconds time) noexcept {
    note(turn_counts, turn_sum, LoopBounds::turn, static_cast<std::uint64_t>(time.count()));
  }
  void note_events(std::size_t count) noexcept {
    note(event_counts, event_sum, LoopBounds::events, count);
  }

  void add_to(LoopTotals& totals) const noexcept {
    add(turn_counts, turn_sum, totals.turn_time);
    add(event_counts, event_sum, totals.events);
  }

  /// For the next loop that is measured here.
  void clear() noexcept {
    for (auto& count : turn_counts) count.reset();
    for (auto& count : event_counts) count.reset();
    turn_sum.reset();
    event_sum.reset();
  }

  std::array<LiveCounter, LoopBounds::turn.size() + 1> turn_counts;
  std::array<LiveCounter, LoopBounds::events.size() + 1> event_counts;
  LiveCounter turn_sum;
  LiveCounter event_sum;

 private:
  static void note(std::span<LiveCounter> counts, LiveCounter& sum,
                   std::span<const std::uint64_t> bounds, std::uint64_t value) noexcept {
    const auto place = std::lower_bound(bounds.begin(), bounds.end(), value) - bounds.begin();
    ++counts[static_cast<std::size_t>(place)];
    sum += value;
  }

  template <std::size_t size>
  static void add(const std::array<LiveCounter, size>& counts, const LiveCounter& sum,
                  Distribution<size>& to) noexcept {
    for (std::size_t at = 0; at < size; ++at) to.counts[at] += counts[at].get();
    to.sum += sum.get();
  }
};

}  // namespace polymux
