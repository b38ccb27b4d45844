#include "core/loop/timer_queue.hpp"

#include <algorithm>

namespace polymux {
namespace {

constexpr std::size_t children = 4;

constexpr std::size_t parent_of(std::size_t position) noexcept {
  return (position - 1) / children;
}

}  // namespace

bool TimerQueue::is_before(const Entry& a, const Entry& b) noexcept {
  if (a.deadline != b.deadline) return a.deadline < b.deadline;
  return a.timer->order_ < b.timer->order_;
}

void TimerQueue::put(std::size_t position, const Entry& entry) noexcept {
  heap_[position] = entry;
  entry.timer->position_ = position;
}

void TimerQueue::insert(Timer& timer) {
  heap_.push_back({timer.deadline_, &timer});
  timer.order_ = ++started_;
  rise(heap_.size() - 1, heap_.back());
}

void TimerQueue::erase(Timer& timer) noexcept {
  const auto position = timer.position_;
  timer.position_ = Timer::inactive;
  const auto last = heap_.back();
  heap_.pop_back();
  if (last.timer == &timer) return;
  const bool is_early = position > 0 && is_before(last, heap_[parent_of(position)]);
  if (is_early) {
    rise(position, last);
  } else {
    sink(position, last);
  }
}

void TimerQueue::rise(std::size_t position, Entry entry) noexcept {
  while (position > 0 && is_before(entry, heap_[parent_of(position)])) {
    put(position, heap_[parent_of(position)]);
    position = parent_of(position);
  }
  put(position, entry);
}

void TimerQueue::sink(std::size_t position, Entry entry) noexcept {
  for (;;) {
    const auto first = position * children + 1;
    if (first >= heap_.size()) break;
    const auto begin = heap_.begin() + static_cast<std::ptrdiff_t>(first);
    const auto end =
        heap_.begin() + static_cast<std::ptrdiff_t>(std::min(first + children, heap_.size()));
    const auto least = std::min_element(begin, end, is_before);
    if (!is_before(*least, entry)) break;
    put(position, *least);
    position = static_cast<std::size_t>(least - heap_.begin());
  }
  put(position, entry);
}

}  // namespace polymux
