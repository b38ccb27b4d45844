#include "platform/upper_case.hpp"

namespace polymux {

std::span<const UpperCaseWay> vector_upper_case_ways() noexcept {
  return {};
}

}  // namespace polymux
