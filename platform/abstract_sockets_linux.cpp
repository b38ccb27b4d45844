#include "platform/endpoint.hpp"

namespace polymux {

bool has_abstract_sockets() noexcept {
  return true;
}

}  // namespace polymux
