// NetBSD before 10, which has paccept(2) in place of accept4: the same flags, and a signal mask
// that is not wanted here.

#include <sys/socket.h>

#include <cerrno>

#include "platform/sockets.hpp"

namespace polymux {

int accept_nonblocking(int listener) noexcept {
  int client = -1;
  do {
    client = ::paccept(listener, nullptr, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  } while (client < 0 && errno == EINTR);
  return client;
}

}  // namespace polymux
