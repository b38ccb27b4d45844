// For systems without MSG_NOSIGNAL (macOS): the socket itself is told, once.

#include <sys/socket.h>

#include <cerrno>

#include "platform/socket_io.hpp"
#include "platform/system_error.hpp"

namespace polymux {

const int send_flags = 0;

std::error_code prepare_to_send(int socket) noexcept {
  const int on = 1;
  const int failed = ::setsockopt(socket, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on);
  // EINVAL: the peer has gone already, which the first read tells.
  return failed == 0 || errno == EINVAL ? std::error_code{} : last_error();
}

}  // namespace polymux
