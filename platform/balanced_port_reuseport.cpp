#include <sys/socket.h>

#include "platform/listener.hpp"
#include "platform/system_error.hpp"

namespace polymux {

// socket(7), since Linux 3.9; setsockopt(2) of DragonFly.

bool can_balance_ports() noexcept {
  return true;
}

std::error_code balance_port(int socket) noexcept {
  const int on = 1;
  const int failed = ::setsockopt(socket, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  return failed == 0 ? std::error_code{} : last_error();
}

}  // namespace polymux
