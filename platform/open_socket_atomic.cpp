#include <sys/socket.h>

#include "platform/sockets.hpp"
#include "platform/system_error.hpp"

namespace polymux {
namespace {

std::error_code open_socket(int family, int type, UniqueFd& socket) noexcept {
  socket.reset(::socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  return socket ? std::error_code{} : last_error();
}

}  // namespace

std::error_code open_stream_socket(int family, UniqueFd& socket) noexcept {
  return open_socket(family, SOCK_STREAM, socket);
}

std::error_code open_datagram_socket(int family, UniqueFd& socket) noexcept {
  return open_socket(family, SOCK_DGRAM, socket);
}

}  // namespace polymux
