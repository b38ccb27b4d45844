#include "platform/listener.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include <polymux/poller/error.hpp>

#include "platform/descriptors.hpp"
#include "platform/sockets.hpp"
#include "platform/system_error.hpp"

namespace polymux {
namespace {

// So many clients wait, or as many as the system allows if that is less (listen(2)). SOMAXCONN is
// what the C library was built with: 128 in musl, where Linux has allowed 4096 since 5.4.
constexpr int backlog = std::max(SOMAXCONN, 4096);

std::error_code switch_on(int socket, int level, int option) noexcept {
  const int on = 1;
  const int failed = ::setsockopt(socket, level, option, &on, sizeof on);
  return failed == 0 ? std::error_code{} : last_error();
}

/// A number of SOL_SOCKET; -1 of what is no socket.
int option_of(int socket, int option) noexcept {
  int value = -1;
  socklen_t size = sizeof value;
  return ::getsockopt(socket, SOL_SOCKET, option, &value, &size) == 0 ? value : -1;
}

std::error_code set_options(int socket, int family) noexcept {
  if (family == AF_UNIX) return {};
  if (const auto error = switch_on(socket, SOL_SOCKET, SO_REUSEADDR)) return error;
  // Set once here rather than on each connection: all systems hand it on.
  if (const auto error = switch_on(socket, IPPROTO_TCP, TCP_NODELAY)) return error;
  return family == AF_INET6 ? switch_on(socket, IPPROTO_IPV6, IPV6_V6ONLY) : std::error_code{};
}

std::error_code bind_to(int socket, const SocketAddress& address) noexcept {
  return ::bind(socket, address.get(), address.length()) == 0 ? std::error_code{} : last_error();
}

std::error_code bind_or_replace(int socket, const SocketAddress& address, const std::string& path) {
  const auto error = bind_to(socket, address);
  if (path.empty() || error != std::errc::address_in_use) return error;
  if (const auto refused = remove_stale_socket(path)) return refused;
  return bind_to(socket, address);
}

}  // namespace

std::error_code open_listener(const SocketAddress& address, Listener& listener, PortUse use) {
  Listener opened;
  const auto path = address.path();
  if (const auto error = open_stream_socket(address.family(), opened.socket)) return error;
  const int socket = opened.socket.get();
  if (const auto error = set_options(socket, address.family())) return error;
  if (use == PortUse::balanced) {
    if (address.family() == AF_UNIX) return std::make_error_code(std::errc::not_supported);
    if (const auto error = balance_port(socket)) return error;
  }
  if (const auto error = bind_or_replace(socket, address, path)) return error;
  if (!path.empty()) {
    if (const auto error = opened.file.own(path)) return error;
  }
  if (::listen(socket, backlog) != 0) return last_error();

  SocketAddress bound;
  if (const auto error = local_address(socket, bound)) return error;
  opened.address = bound.to_string();
  listener = std::move(opened);
  return {};
}

std::error_code check_listener(int fd) noexcept {
  if (!is_open(fd)) return Errc::bad_descriptor;
  const bool listens = option_of(fd, SO_TYPE) == SOCK_STREAM && option_of(fd, SO_ACCEPTCONN) == 1;
  return listens ? std::error_code{} : make_error_code(Errc::invalid_argument);
}

std::error_code take_listener(UniqueFd socket, Listener& listener) {
  const int fd = socket.get();
  if (const auto error = check_listener(fd)) return error;
  if (const auto error = set_nonblocking(fd)) return error;
  if (const auto error = set_close_on_exec(fd)) return error;
  SocketAddress bound;
  if (const auto error = local_address(fd, bound)) return error;
  // Not its owner's to ask for; without it answers may wait for others (tcp(7), TCP_NODELAY).
  if (bound.family() != AF_UNIX) static_cast<void>(switch_on(fd, IPPROTO_TCP, TCP_NODELAY));
  listener = {.socket = std::move(socket), .file = {}, .address = bound.to_string()};
  return {};
}

}  // namespace polymux
