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

IoResult receive(int socket, std::span<char> room) noexcept {
  while (true) {
    const auto count = ::recv(socket, room.data(), room.size(), 0);
    if (count > 0) return {.status = IoStatus::done, .count = static_cast<std::size_t>(count)};
    if (count == 0) return {.status = IoStatus::end_of_stream};
    if (errno != EINTR) return {.status = classify_io_error(errno)};
  }
}

}  // namespace polymux
