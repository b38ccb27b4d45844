#include <netinet/in.h>
#include <sys/socket.h>

#include <utility>

#include <polymux/poller/error.hpp>

#include "platform/datagrams.hpp"
#include "platform/descriptors.hpp"
#include "platform/sockets.hpp"
#include "platform/system_error.hpp"

namespace polymux {
namespace {

bool has_port(int socket) noexcept {
  SocketAddress bound;
  if (local_address(socket, bound)) return false;
  if (bound.family() == AF_INET) {
    return reinterpret_cast<const sockaddr_in*>(bound.get())->sin_port != 0;
  }
  return bound.family() == AF_INET6 &&
         reinterpret_cast<const sockaddr_in6*>(bound.get())->sin6_port != 0;
}

}  // namespace

std::error_code open_datagram_listener(const SocketAddress& address, DatagramSocket& opened) {
  DatagramSocket made;
  if (const auto error = open_datagram_socket(address.family(), made.socket)) return error;
  const int socket = made.socket.get();
  if (const auto error = prepare_to_send(socket)) return error;
  const int on = 1;
  if (address.family() == AF_INET6 &&
      ::setsockopt(socket, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) != 0) {
    return last_error();
  }
  if (::bind(socket, address.get(), address.length()) != 0) return last_error();
  SocketAddress bound;
  if (const auto error = local_address(socket, bound)) return error;
  if (const auto error = ask_for_answer_source(socket, *bound.get())) return error;
  made.address = bound.to_string();
  opened = std::move(made);
  return {};
}

std::error_code check_datagram_listener(int fd) noexcept {
  if (!is_open(fd)) return Errc::bad_descriptor;
  int type = 0;
  socklen_t size = sizeof type;
  const bool is_for_datagrams =
      ::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_DGRAM;
  return is_for_datagrams && has_port(fd) ? std::error_code{}
                                          : make_error_code(Errc::invalid_argument);
}

std::error_code take_datagram_listener(UniqueFd socket, DatagramSocket& taken) {
  const int fd = socket.get();
  if (const auto error = check_datagram_listener(fd)) return error;
  if (const auto error = set_nonblocking(fd)) return error;
  if (const auto error = set_close_on_exec(fd)) return error;
  if (const auto error = prepare_to_send(fd)) return error;
  SocketAddress bound;
  if (const auto error = local_address(fd, bound)) return error;
  if (const auto error = ask_for_answer_source(fd, *bound.get())) return error;
  taken = {.socket = std::move(socket), .address = bound.to_string()};
  return {};
}

}  // namespace polymux
