#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <polymux/service/connection_manager.hpp>

#include "platform/endpoint.hpp"
#include "platform/listener.hpp"
#include "platform/socket_address.hpp"

namespace polymux {

/// Listens on each address that the name has here, and adds the sockets to `opened`; none of them
/// after an error. Those that this machine does not have (::1 where IPv6 is switched off) count
/// only if there are no others.
[[nodiscard]] ListenResult open_listeners(std::string_view text, std::vector<Listener>& opened,
                                          PortUse use = PortUse::alone);

/// Opens whatever is to be opened at an address, and says where that is.
using OpenOne = std::function<std::error_code(const SocketAddress& address, std::string& bound)>;

/// The same for any kind of socket.
[[nodiscard]] ListenResult open_each(const Endpoint& endpoint, const OpenOne& open_one);

/// What a failure says to people.
[[nodiscard]] ListenResult cannot_listen(const std::string& address, std::error_code error);

}  // namespace polymux
