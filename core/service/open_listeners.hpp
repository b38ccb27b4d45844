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
/// only if there are no others. `fd:3` is a socket that listens already; it is owned from then on,
/// unless it is none.
[[nodiscard]] ListenResult open_listeners(std::string_view text, std::vector<Listener>& opened,
                                          PortUse use = PortUse::alone);

/// Opens whatever is to be opened at an address, and says where that is.
using OpenOne = std::function<std::error_code(const SocketAddress& address, std::string& bound)>;

/// The same for any kind of socket.
[[nodiscard]] ListenResult open_each(const Endpoint& endpoint, const OpenOne& open_one);

/// What a failure says to people; of `fd:3` with what it is where it cannot be used.
[[nodiscard]] ListenResult cannot_use_inherited(std::string_view text, std::error_code error,
                                                std::string_view what_it_is);
[[nodiscard]] ListenResult cannot_listen(const std::string& address, std::error_code error);

}  // namespace polymux
