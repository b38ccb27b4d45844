#include "platform/socket_io.hpp"

#include <sys/socket.h>

#include <cerrno>

namespace polymux {

IoStatus classify_io_error(int code) noexcept {
  switch (code) {
    case EAGAIN:
#if EWOULDBLOCK != EAGAIN
    case EWOULDBLOCK:
#endif
      return IoStatus::would_block;
    case ECONNRESET:
    case ECONNABORTED:
    case EPIPE:
    case EPROTOTYPE:
      return IoStatus::reset;
    default:
      return IoStatus::failed;
  }
}

IoResult receive_otherwise(int socket, std::span<char> room, ssize_t result) noexcept {
  while (result < 0 && errno == EINTR) result = ::recv(socket, room.data(), room.size(), 0);
  if (result > 0) return {.status = IoStatus::done, .count = static_cast<std::size_t>(result)};
  return {.status = result == 0 ? IoStatus::end_of_stream : classify_io_error(errno)};
}

IoResult send_otherwise(int socket, std::span<const char> bytes) noexcept {
  ssize_t result = -1;
  while (result < 0 && errno == EINTR) {
    result = ::send(socket, bytes.data(), bytes.size(), send_flags);
  }
  if (result < 0) return {.status = classify_io_error(errno)};
  return {.status = IoStatus::done, .count = static_cast<std::size_t>(result)};
}

IoResult send_now(int socket, std::span<const char> bytes) noexcept {
  ssize_t result = -1;
  do {
    result = ::send(socket, bytes.data(), bytes.size(), send_flags | MSG_DONTWAIT);
  } while (result < 0 && errno == EINTR);
  if (result < 0) return {.status = classify_io_error(errno)};
  return {.status = IoStatus::done, .count = static_cast<std::size_t>(result)};
}

bool has_bytes(int socket) noexcept {
  char byte = 0;
  return ::recv(socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

}  // namespace polymux
