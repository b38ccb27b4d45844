#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include <polymux/loop/timer.hpp>

namespace polymux {

/// The active timers of one loop: a hierarchy of wheels, by the digits of the deadline to base 64.
///
/// A timer hangs in the wheel of the first digit in which its deadline differs from the time that
/// the queue has come to, in the slot of that digit. When time comes to a slot its timers move to
/// wheels of later digits, or are due. To insert and to erase costs the same however many there are
/// and allocates nothing; a timer moves a few times in its life. Those of equal deadlines are in
/// the same slot at any time, one behind the other as they were started.
class TimerQueue {
 public:
  using Time = Timer::Clock::time_point;

  TimerQueue() noexcept;
  TimerQueue(const TimerQueue&) = delete;
  TimerQueue& operator=(const TimerQueue&) = delete;

  /// Inserts a timer that is not in the queue.
  void insert(Timer& timer) noexcept {
    ++size_;
    if (timer.deadline_ < next_) next_ = timer.deadline_;
    place(timer);
  }

  /// Takes out one that is.
  void erase(Timer& timer) noexcept {
    unlink(timer);
    --size_;
    if (timer.deadline_ == next_) is_next_known_ = false;
  }

  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }

  /// When the next fires; there must be one. Exact, but for a crowd far ahead: of that it is a time
  /// that is not later, and who waits for it looks again then.
  [[nodiscard]] Time next() noexcept { return is_next_known_ ? next_ : find_next(); }

  /// Takes out all that are due by `now`, for `pop_due`. Time does not go back.
  void collect(Time now) noexcept;

  /// The next of those that were collected, by deadline; null if none is left.
  [[nodiscard]] Timer* pop_due() noexcept;

 private:
  using Key = std::uint64_t;
  static constexpr unsigned digit_bits = 6;
  static constexpr std::size_t slots = std::size_t{1} << digit_bits;
  static constexpr std::size_t levels = (64 + digit_bits - 1) / digit_bits;

  struct Wheel {
    /// Bit n is set if slot n may have timers; those that were erased leave it set.
    std::uint64_t occupied = 0;
    /// Bit n is set if those of slot n are not in the order of their deadlines.
    std::uint64_t unsorted = 0;
    std::array<detail::TimerHook, slots> rings;
  };

  /// One slot, found by `first_slot`.
  struct Place {
    std::size_t level;
    std::size_t slot;
  };

  // In the order of time, and never below zero.
  static Key to_key(Time time) noexcept {
    return static_cast<Key>(time.time_since_epoch().count()) + (Key{1} << 63);
  }
  static Time to_time(Key key) noexcept {
    return Time(Time::duration(static_cast<Time::duration::rep>(key - (Key{1} << 63))));
  }
  static unsigned shift_of(std::size_t level) noexcept {
    return static_cast<unsigned>(level) * digit_bits;
  }
  // Of the first digit that is not zero. A division by 6, right up to 63.
  static std::size_t level_of(Key difference) noexcept {
    static_assert(digit_bits == 6);
    return (63U - static_cast<unsigned>(std::countl_zero(difference | 1))) * 43U >> 8U;
  }
  static Timer& timer_of(detail::TimerHook& hook) noexcept { return static_cast<Timer&>(hook); }

  static void unlink(detail::TimerHook& hook) noexcept {
    hook.previous->next = hook.next;
    hook.next->previous = hook.previous;
    hook.next = nullptr;
  }
  static void push_back(detail::TimerHook& ring, detail::TimerHook& hook) noexcept {
    hook.previous = ring.previous;
    hook.next = &ring;
    ring.previous->next = &hook;
    ring.previous = &hook;
  }

  void place(Timer& timer) noexcept {
    const auto key = std::max(to_key(timer.deadline_), reached_);
    const auto level = level_of(key ^ reached_);
    hang(timer, wheels_[level], (key >> shift_of(level)) % slots);
  }

  static void hang(Timer& timer, Wheel& wheel, std::size_t slot) noexcept {
    auto& ring = wheel.rings[slot];
    const auto bit = std::uint64_t{1} << slot;
    wheel.occupied |= bit;
    auto* const last = ring.previous;
    if (last != &ring && timer.deadline_ < timer_of(*last).deadline_) wheel.unsorted |= bit;
    push_back(ring, timer);
  }

  [[nodiscard]] bool first_slot(Place& found) noexcept;
  [[nodiscard]] Key start_of(const Place& place) const noexcept;
  [[nodiscard]] Time find_next() noexcept;
  [[nodiscard]] Time earliest_of(const Place& place) noexcept;
  void move_down(const Place& place) noexcept;
  void take_all(const Place& place) noexcept;
  [[nodiscard]] bool is_easy(const Place& place) const noexcept;
  static void sort(detail::TimerHook& ring) noexcept;
  static detail::TimerHook* merge(detail::TimerHook* first, detail::TimerHook* second) noexcept;

  /// The time that the queue has come to; what is due before it hangs in its slot.
  Key reached_;
  /// Of all, as long as it is known; not later, in any case.
  Time next_ = Time::max();
  bool is_next_known_ = false;
  std::size_t size_ = 0;
  detail::TimerHook due_;
  std::array<Wheel, levels> wheels_;
};

}  // namespace polymux
