#include <netinet/in.h>
#include <sys/socket.h>

#include <utility>

#include "platform/datagrams.hpp"
#include "platform/sockets.hpp"
#include "platform/system_error.hpp"

namespace polymux {

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

}  // namespace polymux
