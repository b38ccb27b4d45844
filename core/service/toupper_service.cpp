#include <polymux/service/toupper_service.hpp>

#include "platform/upper_case.hpp"

namespace polymux {

std::span<const char> ToupperService::answer(std::span<char> bytes) noexcept {
  return to_upper_case(bytes);
}

}  // namespace polymux
