#pragma once

#include <cstdint>
#include <system_error>

#include "platform/socket_address.hpp"
#include "platform/unique_fd.hpp"

namespace load {

enum class Transport : std::uint8_t { stream, datagram };

/// From where to where.
struct Route {
  polymux::SocketAddress to;
  /// Empty lets the system choose.
  const polymux::SocketAddress* from = nullptr;
  Transport transport = Transport::stream;
  /// A stream ends by FIN and not by a reset, and leaves its port in TIME_WAIT.
  bool ends_in_order = false;
};

/// Opens a socket, non-blocking and closed on exec, and begins to connect it; it becomes writable
/// when it is known how that went (`outcome_of_connecting`).
[[nodiscard]] std::error_code begin_connecting(const Route& route, polymux::UniqueFd& socket);

[[nodiscard]] std::error_code outcome_of_connecting(int socket) noexcept;

/// Connects, waits for the outcome and closes. \return What came of it.
[[nodiscard]] std::error_code try_to_connect(const Route& route, int timeout_in_milliseconds);

/// \return Why a socket cannot have this address, with any port; nothing if it can.
[[nodiscard]] std::error_code try_to_bind(const polymux::SocketAddress& address) noexcept;

/// Leaves the choice of the port to connect(2), which may give the same one to several connections
/// of different ends. Where the system has no such option, bind(2) chooses.
void choose_port_late(int socket) noexcept;

}  // namespace load
