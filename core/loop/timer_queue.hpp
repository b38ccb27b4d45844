#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <polymux/loop/timer.hpp>

namespace polymux {

/// The active timers of one loop, the next to fire first: a heap with four children a node, which
/// is half as deep as a binary one and keeps the children of a node side by side.
class TimerQueue {
 public:
  /// Inserts a timer that is not in the queue. Throws `std::bad_alloc`.
  void insert(Timer& timer);
  /// Takes out one that is.
  void erase(Timer& timer) noexcept;

  [[nodiscard]] bool empty() const noexcept { return heap_.empty(); }
  /// The next to fire; there must be one.
  [[nodiscard]] Timer& front() const noexcept { return *heap_.front().timer; }

 private:
  struct Entry {
    Timer::Clock::time_point deadline;
    Timer* timer = nullptr;
  };

  static bool is_before(const Entry& a, const Entry& b) noexcept;
  void rise(std::size_t position, Entry entry) noexcept;
  void sink(std::size_t position, Entry entry) noexcept;
  void put(std::size_t position, const Entry& entry) noexcept;

  std::vector<Entry> heap_;
  std::uint64_t started_ = 0;
};

}  // namespace polymux
