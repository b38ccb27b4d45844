// For systems without SOCK_CLOEXEC (macOS): between the two calls a fork in another thread copies
// the socket, and nothing can be done about it.

#include <sys/socket.h>

#include <utility>

#include "platform/descriptors.hpp"
#include "platform/sockets.hpp"
#include "platform/system_error.hpp"

namespace polymux {
namespace {

std::error_code open_socket(int family, int type, UniqueFd& socket) noexcept {
  UniqueFd opened(::socket(family, type, 0));
  if (!opened) return last_error();
  if (const auto error = set_close_on_exec(opened.get())) return error;
  if (const auto error = set_nonblocking(opened.get())) return error;
  socket = std::move(opened);
  return {};
}

}  // namespace

std::error_code open_stream_socket(int family, UniqueFd& socket) noexcept {
  return open_socket(family, SOCK_STREAM, socket);
}

std::error_code open_datagram_socket(int family, UniqueFd& socket) noexcept {
  return open_socket(family, SOCK_DGRAM, socket);
}

}  // namespace polymux
