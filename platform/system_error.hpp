#pragma once

#include <cerrno>
#include <system_error>

namespace polymux {

/// The error that the last system call left in errno.
[[nodiscard]] inline std::error_code last_error() noexcept {
  return {errno, std::system_category()};
}

}  // namespace polymux
