#include "platform/listener.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <utility>

#include "platform/sockets.hpp"
#include "platform/system_error.hpp"

namespace polymux {
namespace {

std::error_code switch_on(int socket, int level, int option) noexcept {
  const int on = 1;
  const int failed = ::setsockopt(socket, level, option, &on, sizeof on);
  return failed == 0 ? std::error_code{} : last_error();
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

std::error_code open_listener(const SocketAddress& address, Listener& listener) {
  Listener opened;
  const auto path = address.path();
  if (const auto error = open_stream_socket(address.family(), opened.socket)) return error;
  const int socket = opened.socket.get();
  if (const auto error = set_options(socket, address.family())) return error;
  if (const auto error = bind_or_replace(socket, address, path)) return error;
  if (!path.empty()) {
    if (const auto error = opened.file.own(path)) return error;
  }
  if (::listen(socket, SOMAXCONN) != 0) return last_error();

  SocketAddress bound;
  if (const auto error = local_address(socket, bound)) return error;
  opened.address = bound.to_string();
  listener = std::move(opened);
  return {};
}

}  // namespace polymux
