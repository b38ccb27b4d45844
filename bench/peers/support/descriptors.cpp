#include "descriptors.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>

#include "run.hpp"

namespace bench {

void allow_descriptors(std::size_t count) {
  constexpr rlim_t others = 128;
  const auto wanted = static_cast<rlim_t>(count) + others;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) give_up("getrlimit");
  if (limit.rlim_cur >= wanted) return;
  limit.rlim_cur = wanted;
  limit.rlim_max = std::max(limit.rlim_max, wanted);
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) {
    give_up("cannot allow " + std::to_string(wanted) + " descriptors (ulimit -Hn)");
  }
}

std::vector<int> open_nodes(std::size_t count) {
  allow_descriptors(count);
  std::vector<int> nodes(count);
  for (auto& node : nodes) {
    node = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (node < 0) give_up("eventfd");
  }
  return nodes;
}

std::vector<int> open_silent_sockets(std::size_t count) {
  allow_descriptors(2 * count);
  std::vector<int> sockets(count);
  for (auto& socket : sockets) {
    int pair[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) != 0) {
      give_up("socketpair");
    }
    socket = pair[0];
    char bytes[4096]{};
    while (::send(socket, bytes, sizeof bytes, MSG_NOSIGNAL) > 0) continue;
    if (errno != EAGAIN) give_up("send");
  }
  return sockets;
}

int open_listener() {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (listener < 0) give_up("socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    give_up("bind");
  }
  if (::listen(listener, SOMAXCONN) != 0) give_up("listen");
  return listener;
}

std::uint16_t port_of(int listener) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  if (::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    give_up("getsockname");
  }
  return ntohs(address.sin_port);
}

int accept_client(int listener) noexcept {
  const int client = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (client < 0) return -1;
  const int on = 1;
  ::setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return client;
}

}  // namespace bench
