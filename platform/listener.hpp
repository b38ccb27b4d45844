#pragma once

#include <cstdint>
#include <string>
#include <system_error>

#include "platform/socket_address.hpp"
#include "platform/unique_fd.hpp"
#include "platform/unix_socket_file.hpp"

namespace polymux {

/// A socket that accepts connections.
struct Listener {
  UniqueFd socket;
  /// Owns nothing unless it is a Unix-domain socket with a file.
  UnixSocketFile file;
  /// Where, as `parse_endpoint` reads it, with the port that the system chose.
  std::string address;
};

/// Who else may listen at the same port.
enum class PortUse : std::uint8_t {
  alone,
  /// Other sockets of the same user that are opened so, among which the system spreads the clients;
  /// `not_supported` where it cannot, and for Unix-domain sockets.
  balanced,
};

/// True if this system knows `PortUse::balanced`.
[[nodiscard]] bool can_balance_ports() noexcept;

/// For `open_listener`, before the socket is bound.
[[nodiscard]] std::error_code balance_port(int socket) noexcept;

/// Listens on an address, with as long a queue as the system allows.
///
/// TCP: the port can be had again as soon as a server has ended (SO_REUSEADDR); `[::]` means IPv6
/// alone, as it does on OpenBSD; accepted sockets inherit TCP_NODELAY. Unix-domain: the file of a
/// dead server is replaced, a living server's and a file of another kind are not.
///
/// \return The system's code: `address_in_use`, `permission_denied`, `file_exists` ...
[[nodiscard]] std::error_code open_listener(const SocketAddress& address, Listener& listener,
                                            PortUse use = PortUse::alone);

/// Whether a descriptor, which stays its owner's, can be made a listener: `Errc::invalid_argument`
/// for what is no stream socket that listens, `Errc::bad_descriptor` for what is not open.
[[nodiscard]] std::error_code check_listener(int fd) noexcept;

/// Makes a listener of a socket that listens already; non-blocking and closed on exec.
/// \return `Errc::invalid_argument` for what is no stream socket that listens.
[[nodiscard]] std::error_code take_listener(UniqueFd socket, Listener& listener);

}  // namespace polymux
