#include "backends/kqueue/refusals.hpp"

namespace polymux {

std::error_code refuse_by_system(int /*fd*/, const DescriptorInfo& /*file*/) noexcept {
  return {};
}

}  // namespace polymux
