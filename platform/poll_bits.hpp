#pragma once

#include <poll.h>

#include <polymux/poller/event.hpp>

namespace polymux {

/// How poll(2) spells interest and readiness. On Linux epoll(7) uses the same numbers.

#ifdef POLLRDHUP
inline constexpr int poll_read_closed = POLLRDHUP;
#else
inline constexpr int poll_read_closed = 0;
#endif

/// A half-close is asked for with `read` alone: a writer that waits for room has no use for it.
[[nodiscard]] constexpr int to_poll_bits(Interest interest) noexcept {
  int bits = 0;
  if (contains(interest, Interest::read)) bits |= POLLIN | poll_read_closed;
  if (contains(interest, Interest::write)) bits |= POLLOUT;
  if (contains(interest, Interest::priority)) bits |= POLLPRI;
  return bits;
}

static_assert(POLLIN == static_cast<int>(Ready::readable) &&
                  POLLIN == static_cast<int>(Interest::read) &&
                  POLLOUT == static_cast<int>(Ready::writable) &&
                  POLLOUT == static_cast<int>(Interest::write) &&
                  POLLPRI == static_cast<int>(Ready::priority) &&
                  POLLPRI == static_cast<int>(Interest::priority),
              "the numbers are the same, so nothing has to be translated");

/// What an answer means that tells of the two directions and of nothing else, as most do.
[[nodiscard]] constexpr Ready to_ready_directions(int bits) noexcept {
  return static_cast<Ready>(bits);
}

/// What any answer means. Hang-ups and errors come unasked, and some kernels leave the directions
/// out beside them (a drained pipe says POLLHUP alone): they make ready whatever was asked for.
[[nodiscard]] constexpr Ready to_ready_all(int bits, Interest interest) noexcept {
  Ready ready = Ready::none;
  if (interest == Interest::none) return ready;
  if ((bits & POLLNVAL) != 0) return Ready::invalid;
  const bool is_urgent = (bits & POLLPRI) != 0 && contains(interest, Interest::priority);
  if (is_urgent) ready |= Ready::priority;
  if ((bits & POLLHUP) != 0) ready |= Ready::hangup;
  // kernfs says POLLERR beside POLLPRI for what is no error but news.
  const bool is_news = is_urgent && (bits & POLLHUP) == 0;
  if ((bits & POLLERR) != 0 && !is_news) ready |= Ready::error;
  const bool is_broken = (ready & (Ready::hangup | Ready::error)) != Ready::none;
  if (contains(interest, Interest::read)) {
    if ((bits & poll_read_closed) != 0) ready |= Ready::readable | Ready::read_closed;
    if ((bits & POLLIN) != 0 || is_broken) ready |= Ready::readable;
  }
  if (contains(interest, Interest::write) && ((bits & POLLOUT) != 0 || is_broken)) {
    ready |= Ready::writable;
  }
  // Neither direction was asked for, and a hint alone is no news that could be acted on.
  const bool names_something = is_urgent || interest != Interest::priority;
  return names_something ? ready : Ready::none;
}

/// What the kernel's answer means for this interest.
[[nodiscard]] constexpr Ready to_ready(int bits, Interest interest) noexcept {
  const bool is_plain = (bits & ~(POLLIN | POLLOUT)) == 0;
  return is_plain ? to_ready_directions(bits & static_cast<int>(interest))
                  : to_ready_all(bits, interest);
}

/// True for an answer that is to be kept from the owner and would come again at once: with
/// interest in nothing but urgent data, the hang-ups and errors that kernels report unasked.
[[nodiscard]] constexpr bool is_unwanted_end(int bits, Interest interest) noexcept {
  return interest == Interest::priority && (bits & (POLLHUP | POLLERR)) != 0 &&
         (bits & (POLLPRI | POLLNVAL)) == 0;
}

}  // namespace polymux
