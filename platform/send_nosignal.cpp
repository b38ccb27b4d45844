#include <sys/socket.h>

#include <cerrno>

#include "platform/socket_io.hpp"

namespace polymux {

IoResult send(int socket, std::span<const char> bytes) noexcept {
  while (true) {
    const auto count = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count >= 0) return {.status = IoStatus::done, .count = static_cast<std::size_t>(count)};
    if (errno != EINTR) return {.status = classify_io_error(errno)};
  }
}

std::error_code prepare_to_send(int /*socket*/) noexcept {
  return {};
}

}  // namespace polymux
