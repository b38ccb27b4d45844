#include "platform/sockets.hpp"

#include <sys/socket.h>

#include "platform/descriptors.hpp"
#include "platform/system_error.hpp"

namespace polymux {

std::error_code open_spare_socket(UniqueFd& socket) noexcept {
  return open_stream_socket(AF_UNIX, socket);
}

std::error_code open_socket_pair(UniqueFd& one, UniqueFd& other) noexcept {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) return last_error();
  one.reset(ends[0]);
  other.reset(ends[1]);
  for (const int end : ends) {
    if (const auto error = set_nonblocking(end)) return error;
    if (const auto error = set_close_on_exec(end)) return error;
  }
  return {};
}

std::error_code shut_down_writing(int socket) noexcept {
  return ::shutdown(socket, SHUT_WR) == 0 ? std::error_code{} : last_error();
}

void shut_down(int socket) noexcept {
  // It fails for one that the peer has ended, and wakes who waits all the same.
  static_cast<void>(::shutdown(socket, SHUT_RDWR));
}

}  // namespace polymux
