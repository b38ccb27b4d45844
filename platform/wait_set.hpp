#pragma once

#include <poll.h>

#include <chrono>
#include <cstddef>
#include <system_error>
#include <vector>

#include <polymux/poller/event.hpp>

namespace polymux {

/// A few descriptors that a thread waits for by blocking: with poll(2), which every system has.
///
/// Allocates nothing but when it is made, so that a child of a process with threads can use one.
class WaitSet {
 public:
  using Clock = std::chrono::steady_clock;

  /// So many places, all of them empty. Throws `std::bad_alloc`.
  explicit WaitSet(std::size_t places)
      : places_(places, pollfd{.fd = -1, .events = 0, .revents = 0}) {}

  [[nodiscard]] std::size_t size() const noexcept { return places_.size(); }

  /// Puts a descriptor into a place; the one that was there is waited for no more.
  void await(std::size_t place, int fd, Interest interest) noexcept;
  void ignore(std::size_t place) noexcept { places_[place].fd = -1; }

  /// Waits until one of them is ready, broken or closed by its peer, or the time is over; for ever
  /// if that is the greatest there is. Never EINTR.
  [[nodiscard]] std::error_code wait(Clock::time_point until) noexcept;

  /// What the last `wait` has found.
  [[nodiscard]] bool is_ready(std::size_t place) const noexcept {
    return places_[place].revents != 0;
  }

 private:
  std::vector<pollfd> places_;
};

}  // namespace polymux
