#pragma once

#include <system_error>

namespace polymux {

/// True if the same may succeed in a while. poll(2) and select(2): ENOMEM, and EAGAIN on macOS and
/// the BSDs. epoll, where its set has to be made anew: want of descriptors too.
[[nodiscard]] inline bool may_pass(std::error_code error) noexcept {
  return error == std::errc::not_enough_memory ||
         error == std::errc::resource_unavailable_try_again ||
         error == std::errc::too_many_files_open ||
         error == std::errc::too_many_files_open_in_system;
}

}  // namespace polymux
