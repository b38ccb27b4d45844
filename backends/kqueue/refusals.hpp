#pragma once

#include <system_error>

#include "platform/descriptors.hpp"

namespace polymux {

/// Refuses what this system's kqueue takes and then serves wrongly.
///
/// \return `refused_by_backend`, or nothing.
[[nodiscard]] std::error_code refuse_by_system(int fd, const DescriptorInfo& file) noexcept;

}  // namespace polymux
