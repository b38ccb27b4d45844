// For systems without MSG_NOSIGNAL (macOS): the socket itself is told, once.

#include <sys/socket.h>

#include <cerrno>

#include "platform/socket_io.hpp"
#include "platform/system_error.hpp"

namespace polymux {

IoResult send(int socket, std::span<const char> bytes) noexcept {
  while (true) {
    const auto count = ::send(socket, bytes.data(), bytes.size(), 0);
    if (count >= 0) return {.status = IoStatus::done, .count = static_cast<std::size_t>(count)};
    if (errno != EINTR) return {.status = classify_io_error(errno)};
  }
}

std::error_code prepare_to_send(int socket) noexcept {
  const int on = 1;
  const int failed = ::setsockopt(socket, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on);
  // EINVAL: the peer has gone already, which the first read tells.
  return failed == 0 || errno == EINVAL ? std::error_code{} : last_error();
}

}  // namespace polymux
