#include <sys/socket.h>

#include "platform/sockets.hpp"
#include "platform/system_error.hpp"

namespace polymux {

std::error_code open_stream_socket(int family, UniqueFd& socket) noexcept {
  socket.reset(::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  return socket ? std::error_code{} : last_error();
}

}  // namespace polymux
