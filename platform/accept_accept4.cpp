#include <sys/socket.h>

#include <cerrno>

#include "platform/sockets.hpp"

namespace polymux {

int accept_nonblocking(int listener) noexcept {
  int client = -1;
  do {
    client = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  } while (client < 0 && errno == EINTR);
  return client;
}

}  // namespace polymux
