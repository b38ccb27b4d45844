#pragma once

#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <system_error>

#include "platform/answer_source.hpp"
#include "platform/socket_address.hpp"
#include "platform/socket_io.hpp"
#include "platform/unique_fd.hpp"

namespace polymux {

/// A datagram, and where it comes from or goes to.
struct Datagram {
  /// The caller's memory.
  std::span<char> room{};
  /// How much of `room` it fills; zero for an empty one.
  std::size_t size = 0;
  sockaddr_storage peer{};
  socklen_t peer_length = 0;
  /// What `answer_source.hpp` tells of.
  alignas(cmsghdr) std::array<char, answer_source_size> source{};
  std::size_t source_length = 0;
  /// It was longer than `room`, and the rest is lost.
  bool is_truncated = false;

  [[nodiscard]] std::span<char> bytes() const noexcept { return room.first(size); }
};

/// Datagrams that one call of the system moves, at most.
inline constexpr std::size_t most_datagrams_at_once = 32;

/// Receives as many as wait, at most as many as `slots`, of which there is at least one. Never
/// EINTR.
///
/// \return `done` and how many, at least one: fewer than `slots` if no more waited. `would_block`
/// if
///         none waits. `failed` also for what an earlier datagram came to: the socket is as good as
///         before, and the next call may succeed. On failure errno says why.
[[nodiscard]] IoResult receive_datagrams(int socket, std::span<Datagram> slots) noexcept;

/// Sends the first ones of `datagrams`, of which there is at least one. Never EINTR.
///
/// \return `done` and how many, at least one. `would_block` if the socket takes none at present.
///         `failed` if the first one was not sent, for its own fault or that of an earlier one.
[[nodiscard]] IoResult send_datagrams(int socket, std::span<Datagram> datagrams) noexcept;

/// A socket that receives what is sent to an address.
struct DatagramSocket {
  UniqueFd socket;
  /// Where, as `parse_endpoint` reads it, with the port that the system chose.
  std::string address;
};

/// Binds a socket for datagrams to an address of the internet; it is non-blocking. `[::]` means
/// IPv6 alone, and a port has one owner: on some systems SO_REUSEADDR lets another take it over.
[[nodiscard]] std::error_code open_datagram_listener(const SocketAddress& address,
                                                     DatagramSocket& opened);

/// Whether a descriptor, which stays its owner's, is a bound socket for datagrams of the internet:
/// `Errc::invalid_argument` if it is not, `Errc::bad_descriptor` for what is not open.
[[nodiscard]] std::error_code check_datagram_listener(int fd) noexcept;

/// Makes of such a one what `open_datagram_listener` would have opened.
[[nodiscard]] std::error_code take_datagram_listener(UniqueFd socket, DatagramSocket& taken);

}  // namespace polymux
