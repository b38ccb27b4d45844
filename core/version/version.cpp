#include <polymux/version.hpp>

namespace polymux {

std::string_view version() noexcept {
  return POLYMUX_VERSION_STRING;
}
int version_number() noexcept {
  return POLYMUX_VERSION_NUMBER;
}

}  // namespace polymux
