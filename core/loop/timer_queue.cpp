#include "core/loop/timer_queue.hpp"

#include <utility>

namespace polymux {
namespace {

// So many timers of one slot are looked at to find the earliest; of more it is enough to know when
// the slot begins.
constexpr int most_looked_at = 64;

void make_empty(detail::TimerHook& ring) noexcept {
  ring.previous = &ring;
  ring.next = &ring;
}

bool is_short(const detail::TimerHook& ring) noexcept {
  constexpr int most = 64;
  int count = 0;
  for (const auto* hook = ring.next; hook != &ring; hook = hook->next) {
    if (++count > most) return false;
  }
  return true;
}

void splice_back(detail::TimerHook& ring, detail::TimerHook& from) noexcept {
  from.next->previous = ring.previous;
  from.previous->next = &ring;
  ring.previous->next = from.next;
  ring.previous = from.previous;
  make_empty(from);
}

}  // namespace

TimerQueue::TimerQueue() noexcept : reached_(to_key(Timer::Clock::now())) {
  make_empty(due_);
  for (auto& wheel : wheels_) {
    for (auto& ring : wheel.rings) make_empty(ring);
  }
}

// Earlier wheels, and earlier slots of a wheel, have earlier timers.
bool TimerQueue::first_slot(Place& found) noexcept {
  for (; found.level < levels; ++found.level) {
    auto& wheel = wheels_[found.level];
    while (wheel.occupied != 0) {
      found.slot = static_cast<std::size_t>(std::countr_zero(wheel.occupied));
      if (wheel.rings[found.slot].next != &wheel.rings[found.slot]) return true;
      const auto bit = std::uint64_t{1} << found.slot;
      wheel.occupied &= ~bit;
      wheel.unsorted &= ~bit;
    }
  }
  return false;
}

TimerQueue::Key TimerQueue::start_of(const Place& place) const noexcept {
  const auto shift = shift_of(place.level);
  const auto digits_from_here = reached_ >> shift;
  return (digits_from_here - digits_from_here % slots + place.slot) << shift;
}

TimerQueue::Time TimerQueue::find_next() noexcept {
  Place first{};
  if (due_.next != &due_) {
    next_ = timer_of(*due_.next).deadline_;
  } else if (first_slot(first)) {
    next_ = earliest_of(first);
  }
  is_next_known_ = true;
  return next_;
}

TimerQueue::Time TimerQueue::earliest_of(const Place& place) noexcept {
  auto& wheel = wheels_[place.level];
  auto& ring = wheel.rings[place.slot];
  auto earliest = timer_of(*ring.next).deadline_;
  if ((wheel.unsorted >> place.slot) % 2 == 0) return earliest;
  int looked_at = 0;
  for (auto* hook = ring.next; hook != &ring; hook = hook->next) {
    if (++looked_at > most_looked_at) return to_time(start_of(place));
    earliest = std::min(earliest, timer_of(*hook).deadline_);
  }
  return earliest;
}

void TimerQueue::collect(Time now) noexcept {
  const auto limit = std::max(to_key(now), reached_);
  Place first{};
  while (first_slot(first)) {
    const auto start = start_of(first);
    if (start > limit) break;
    const auto last = start + ((Key{1} << shift_of(first.level)) - 1);
    if (last <= limit && (first.level == 0 || is_easy(first))) {
      take_all(first);
    } else {
      // All before it are taken.
      reached_ = start;
      move_down(first);
      first = {};
    }
  }
  reached_ = limit;
  is_next_known_ = false;
}

// To be put into order: a crowd is distributed among the slots of the wheel below instead.
bool TimerQueue::is_easy(const Place& place) const noexcept {
  const auto& wheel = wheels_[place.level];
  const auto& ring = wheel.rings[place.slot];
  return (wheel.unsorted >> place.slot) % 2 == 0 || is_short(ring);
}

void TimerQueue::take_all(const Place& place) noexcept {
  auto& wheel = wheels_[place.level];
  auto& ring = wheel.rings[place.slot];
  if ((wheel.unsorted >> place.slot) % 2 != 0 && ring.next != ring.previous) sort(ring);
  splice_back(due_, ring);
}

// Not of the last wheel. The time has come to the slot's start, whose further digits are zero: the
// next one is the first that differs, or is zero too.
void TimerQueue::move_down(const Place& place) noexcept {
  auto& ring = wheels_[place.level].rings[place.slot];
  auto* hook = ring.next;
  auto* const end = &ring;
  make_empty(ring);
  auto& below = wheels_[place.level - 1];
  const auto shift = shift_of(place.level - 1);
  while (hook != end) {
    auto& timer = timer_of(*std::exchange(hook, hook->next));
    const auto slot = (to_key(timer.deadline_) >> shift) % slots;
    if (slot != 0) {
      hang(timer, below, slot);
    } else {
      this->place(timer);
    }
  }
}

Timer* TimerQueue::pop_due() noexcept {
  if (due_.next == &due_) return nullptr;
  auto& timer = timer_of(*due_.next);
  unlink(timer);
  --size_;
  is_next_known_ = false;
  return &timer;
}

// By merging, of lists that end with null: equal ones keep their order, and nothing is allocated.
void TimerQueue::sort(detail::TimerHook& ring) noexcept {
  // Each place holds none, or twice as many as the one before it. Made as far as it is used: to
  // make all of it would cost more than to sort the few timers of a slot.
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init)
  std::array<detail::TimerHook*, 8 * sizeof(std::size_t)> runs;
  std::size_t end = 0;
  ring.previous->next = nullptr;
  for (auto* rest = ring.next; rest != nullptr;) {
    auto* run = std::exchange(rest, rest->next);
    run->next = nullptr;
    std::size_t place = 0;
    for (; place < end && runs[place] != nullptr; ++place) {
      run = merge(std::exchange(runs[place], nullptr), run);
    }
    end = std::max(end, place + 1);
    runs[place] = run;
  }
  detail::TimerHook* all = nullptr;
  for (std::size_t place = 0; place < end; ++place) {
    if (runs[place] != nullptr) all = all != nullptr ? merge(runs[place], all) : runs[place];
  }
  auto* last = &ring;
  for (auto* hook = all; hook != nullptr; hook = hook->next) {
    hook->previous = last;
    last->next = hook;
    last = hook;
  }
  last->next = &ring;
  ring.previous = last;
}

// Neither may be empty.
detail::TimerHook* TimerQueue::merge(detail::TimerHook* first, detail::TimerHook* second) noexcept {
  detail::TimerHook* merged = nullptr;
  auto** end = &merged;
  for (;;) {
    if (timer_of(*second).deadline_ < timer_of(*first).deadline_) {
      *end = second;
      end = &second->next;
      second = second->next;
      if (second != nullptr) continue;
      *end = first;
      return merged;
    }
    *end = first;
    end = &first->next;
    first = first->next;
    if (first != nullptr) continue;
    *end = second;
    return merged;
  }
}

}  // namespace polymux
