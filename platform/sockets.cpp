#include "platform/sockets.hpp"

#include <sys/socket.h>

#include "platform/system_error.hpp"

namespace polymux {

std::error_code open_spare_socket(UniqueFd& socket) noexcept {
  return open_stream_socket(AF_UNIX, socket);
}

bool is_local_socket(int fd) noexcept {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  return ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0 &&
         address.ss_family == AF_UNIX;
}

std::error_code shut_down_writing(int socket) noexcept {
  return ::shutdown(socket, SHUT_WR) == 0 ? std::error_code{} : last_error();
}

}  // namespace polymux
