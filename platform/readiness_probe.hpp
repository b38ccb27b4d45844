#pragma once

#include <system_error>

#include "platform/descriptors.hpp"

namespace polymux {

/// Says whether a file has readiness at all, for multiplexers whose kernel does not: kqueue takes
/// regular files, and poll(2) and select(2) call everything ready.
///
/// \return `not_pollable`, `bad_descriptor`, or the system's code.
[[nodiscard]] std::error_code check_readiness(int fd, const DescriptorInfo& file) noexcept;

}  // namespace polymux
