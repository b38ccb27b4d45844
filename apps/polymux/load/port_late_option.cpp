// Linux, from 4.2 on (ip(7)).

#include <netinet/in.h>
#include <sys/socket.h>

#include "connecting.hpp"

namespace load {

void choose_port_late(int socket) noexcept {
  // Without it bind(2) chooses, which costs ports and nothing else.
  const int on = 1;
  static_cast<void>(::setsockopt(socket, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on));
}

}  // namespace load
