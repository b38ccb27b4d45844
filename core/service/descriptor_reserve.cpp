#include "core/service/descriptor_reserve.hpp"

#include "platform/sockets.hpp"

namespace polymux {

bool DescriptorReserve::fill() noexcept {
  // A socket rather than /dev/null: it needs no file, wherever the process has its root.
  return held_ || !open_spare_socket(held_);
}

}  // namespace polymux
