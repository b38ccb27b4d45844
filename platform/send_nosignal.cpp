#include <sys/socket.h>

#include "platform/socket_io.hpp"

namespace polymux {

const int send_flags = MSG_NOSIGNAL;

std::error_code prepare_to_send(int /*socket*/) noexcept {
  return {};
}

}  // namespace polymux
