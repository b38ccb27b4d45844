#pragma once

#include <string_view>
#include <vector>

#include <polymux/service/connection_manager.hpp>

#include "platform/listener.hpp"

namespace polymux {

/// Listens on each address that the name has here, and adds the sockets to `opened`; none of them
/// after an error. Those that this machine does not have (::1 where IPv6 is switched off) count
/// only if there are no others.
[[nodiscard]] ListenResult open_listeners(std::string_view text, std::vector<Listener>& opened);

/// What a failure says to people.
[[nodiscard]] ListenResult cannot_listen(const std::string& address, std::error_code error);

}  // namespace polymux
