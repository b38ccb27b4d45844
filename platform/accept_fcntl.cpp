// For systems without accept4 (macOS, older BSDs). There the socket inherits the listener's flags:
// each is set outright.

#include <fcntl.h>
#include <sys/socket.h>

#include <cerrno>

#include "platform/sockets.hpp"

namespace polymux {
namespace {

bool prepare(int client) noexcept {
  const int flags = ::fcntl(client, F_GETFL);
  return flags >= 0 && ::fcntl(client, F_SETFL, (flags | O_NONBLOCK) & ~O_ASYNC) >= 0 &&
         ::fcntl(client, F_SETFD, FD_CLOEXEC) >= 0;
}

}  // namespace

int accept_nonblocking(int listener) noexcept {
  int client = -1;
  do {
    client = ::accept(listener, nullptr, nullptr);
  } while (client < 0 && errno == EINTR);
  if (client < 0 || prepare(client)) return client;
  UniqueFd(client).reset();
  // The others in the queue are not concerned.
  errno = ECONNABORTED;
  return -1;
}

}  // namespace polymux
