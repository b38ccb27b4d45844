#pragma once

#include "multiplexer.hpp"

namespace probe {

/// The bits of poll(2) that this system has, which SIGIO and io_uring use too, and epoll(7).

/// What to ask for.
[[nodiscard]] int poll_request(Interest interest) noexcept;

/// POLLRDHUP, or zero where it is not.
[[nodiscard]] int poll_read_closed() noexcept;

/// `POLLIN|POLLHUP` as `IN`, `HUP`; what has no name here as a number.
[[nodiscard]] Flags names_of_poll_bits(int bits);

}  // namespace probe
