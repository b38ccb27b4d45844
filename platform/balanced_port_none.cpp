#include "platform/listener.hpp"

namespace polymux {

bool can_balance_ports() noexcept {
  return false;
}

std::error_code balance_port(int /*socket*/) noexcept {
  return std::make_error_code(std::errc::not_supported);
}

}  // namespace polymux
