#pragma once

#include <poll.h>

#include <chrono>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

#include <polymux/poller/event.hpp>

#include "backends/support/registration_table.hpp"

namespace polymux {

/// The array of poll(2), dense, and the way from its answers to events. The `key` of a registration
/// that is in the set is its slot.
///
/// The first slots are the caller's own descriptors, watched for reading, outside all of this.
class PollSet {
 public:
  /// poll(2) counts milliseconds, and ppoll(2) nanoseconds.
  static const std::chrono::nanoseconds timeout_step;

  /// Registrations live in `table`, which must outlive the set.
  explicit PollSet(RegistrationTable& table) noexcept : table_(table) {}

  /// Adds one of the caller's own; before any registration. Throws `std::bad_alloc`.
  void add_own(int fd);
  /// True if that one, the `index`th, was found readable by the last `poll`.
  [[nodiscard]] bool is_own_ready(std::size_t index) const noexcept {
    return entries_[index].revents != 0;
  }

  /// Makes room for `more` registrations. Throws `std::bad_alloc`; `insert` does not.
  void reserve_for(std::size_t more);
  /// Puts a registration into the set, and sets its key.
  void insert(int fd, Registration& registration) noexcept;
  /// Takes over what a registration in the set wants by now.
  void update(int fd, const Registration& registration) noexcept;
  /// Takes a registration out of the set. The others keep their order, so that nobody loses a turn
  /// (FAIR-2): a hole is left, which the next `poll` closes.
  void erase(const Registration& gone) noexcept;
  [[nodiscard]] std::size_t size() const noexcept { return entries_.size() - own_ - holes_; }

  /// Asks the kernel once; as poll(2).
  [[nodiscard]] int poll(Timeout timeout) noexcept;

  /// Writes what the last `poll` found. Goes round from where the last one stopped, so that a small
  /// buffer starves nobody.
  [[nodiscard]] std::size_t collect(std::span<Event> out) noexcept;

  /// Calls `visit(fd)` for each that the last `poll` found not ready, and that is watched. It may
  /// erase that one.
  template <class Visitor>
  void for_each_idle(Visitor visit) {
    for (auto slot = own_; slot < entries_.size(); ++slot) {
      const auto& entry = entries_[slot];
      if (entry.revents == 0 && entry.fd != hole) visit(number_of(entry));
    }
    close_holes();
  }

 private:
  // Whether there was something to tell.
  bool report(pollfd& entry, Event& event) noexcept;

  // poll(2) passes over negative numbers, and reports errors of all others, asked for or not: what
  // has no interest is turned negative. ~fd is, also for 0.
  static int number_of(const pollfd& entry) noexcept { return entry.fd < 0 ? ~entry.fd : entry.fd; }

  // The number of no descriptor, nor what one is turned into.
  static constexpr int hole = std::numeric_limits<int>::min();

  void close_holes() noexcept;
  [[nodiscard]] std::size_t next_answered(std::size_t from, std::size_t to) const noexcept;

  RegistrationTable& table_;
  std::vector<pollfd> entries_;
  std::size_t own_ = 0;
  std::size_t holes_ = 0;
  std::size_t cursor_ = 0;
};

}  // namespace polymux
