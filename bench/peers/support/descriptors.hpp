#pragma once

#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "run.hpp"

namespace bench {

/// Lets this process, and those that it starts, open so many descriptors; ends it if the system
/// does not allow that.
void allow_descriptors(std::size_t count);

/// The descriptors of a chain: a write to one makes it readable until it is read. They need one
/// number each, so that 10,000 of them fit where a pair each would not.
[[nodiscard]] std::vector<int> open_nodes(std::size_t count);
inline void put_token(int node) noexcept {
  const std::uint64_t one = 1;
  if (::write(node, &one, sizeof one) != sizeof one) give_up("a token could not be passed on");
}
inline void take_token(int node) noexcept {
  std::uint64_t count = 0;
  if (::read(node, &count, sizeof count) != sizeof count) give_up("a token was not there");
  // They would be one event from now on, and the end never come.
  if (count != 1) give_up("two tokens have met");
}

/// Sockets that are neither readable nor writable, for nobody reads at the other end.
[[nodiscard]] std::vector<int> open_silent_sockets(std::size_t count);

/// Does not block, listens on a free port of the loopback interface; accepts as many as wait.
[[nodiscard]] int open_listener();
[[nodiscard]] std::uint16_t port_of(int listener);
/// A client that does not block, with Nagle's algorithm off; -1 if none waits.
[[nodiscard]] int accept_client(int listener) noexcept;

}  // namespace bench
