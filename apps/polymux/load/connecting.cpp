#include "connecting.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "platform/socket_io.hpp"
#include "platform/sockets.hpp"
#include "platform/system_error.hpp"

namespace load {
namespace {

using polymux::last_error;
using polymux::UniqueFd;

template <class Value>
std::error_code set_option(int socket, int level, int name, const Value& value) noexcept {
  return ::setsockopt(socket, level, name, &value, sizeof value) == 0 ? std::error_code{}
                                                                      : last_error();
}

std::error_code prepare_tcp(int socket, bool ends_in_order) noexcept {
  if (const auto error = set_option(socket, IPPROTO_TCP, TCP_NODELAY, 1)) return error;
  if (ends_in_order) return {};
  return set_option(socket, SOL_SOCKET, SO_LINGER, linger{.l_onoff = 1, .l_linger = 0});
}

std::error_code open_socket(const Route& route, UniqueFd& socket) noexcept {
  const int family = route.to.family();
  if (route.transport == Transport::datagram) return polymux::open_datagram_socket(family, socket);
  if (const auto error = polymux::open_stream_socket(family, socket)) return error;
  if (const auto error = polymux::prepare_to_send(socket.get())) return error;
  return family == AF_UNIX ? std::error_code{} : prepare_tcp(socket.get(), route.ends_in_order);
}

std::error_code bind_to(int socket, const polymux::SocketAddress& address) noexcept {
  choose_port_late(socket);
  return ::bind(socket, address.get(), address.length()) == 0 ? std::error_code{} : last_error();
}

}  // namespace

std::error_code try_to_bind(const polymux::SocketAddress& address) noexcept {
  UniqueFd socket;
  if (const auto error = polymux::open_datagram_socket(address.family(), socket)) return error;
  return bind_to(socket.get(), address);
}

std::error_code begin_connecting(const Route& route, UniqueFd& socket) {
  UniqueFd opened;
  if (const auto error = open_socket(route, opened)) return error;
  if (route.from != nullptr) {
    if (const auto error = bind_to(opened.get(), *route.from)) return error;
  }
  // EINTR: it goes on by itself (connect(2)).
  if (::connect(opened.get(), route.to.get(), route.to.length()) != 0 && errno != EINPROGRESS &&
      errno != EINTR) {
    return last_error();
  }
  socket = std::move(opened);
  return {};
}

std::error_code outcome_of_connecting(int socket) noexcept {
  int code = 0;
  socklen_t length = sizeof code;
  if (::getsockopt(socket, SOL_SOCKET, SO_ERROR, &code, &length) != 0) return last_error();
  return {code, std::system_category()};
}

std::error_code try_to_connect(const Route& route, int timeout_in_milliseconds) {
  UniqueFd socket;
  if (const auto error = begin_connecting(route, socket)) return error;
  pollfd entry{.fd = socket.get(), .events = POLLOUT, .revents = 0};
  if (::poll(&entry, 1, timeout_in_milliseconds) == 0) {
    return std::make_error_code(std::errc::timed_out);
  }
  return outcome_of_connecting(socket.get());
}

}  // namespace load
