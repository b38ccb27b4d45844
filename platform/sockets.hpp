#pragma once

#include <system_error>

#include "platform/unique_fd.hpp"

namespace polymux {

/// Opens a stream socket of that family (AF_INET, AF_INET6, AF_UNIX), non-blocking and closed on
/// exec, atomically where the system can.
[[nodiscard]] std::error_code open_stream_socket(int family, UniqueFd& socket) noexcept;

/// The same, for datagrams.
[[nodiscard]] std::error_code open_datagram_socket(int family, UniqueFd& socket) noexcept;

/// Opens two stream sockets that are connected with each other, non-blocking and closed on exec.
[[nodiscard]] std::error_code open_socket_pair(UniqueFd& one, UniqueFd& other) noexcept;

/// Opens a socket for no other use than to hold a number.
[[nodiscard]] std::error_code open_spare_socket(UniqueFd& socket) noexcept;

/// Accepts one connection; it comes non-blocking, closed on exec and without O_ASYNC, whatever the
/// listener has.
/// \return The descriptor, or -1 with errno set. Never EINTR.
[[nodiscard]] int accept_nonblocking(int listener) noexcept;

/// Tells the peer that no more will come (shutdown(2) with SHUT_WR).
[[nodiscard]] std::error_code shut_down_writing(int socket) noexcept;

/// Ends both directions (shutdown(2) with SHUT_RDWR), and with them whatever waits for either; the
/// descriptor stays open.
void shut_down(int socket) noexcept;

}  // namespace polymux
