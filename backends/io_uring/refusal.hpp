#pragma once

#include <system_error>

namespace polymux {

/// Why a ring cannot be had here, in words for whoever runs the program: what the kernel says is
/// the same for a sandbox, a setting of the administrator and an old kernel.
///
/// \param code  What io_uring_setup(2) or the first io_uring_enter(2) said.
/// \return A code whose message names the cause where it is known; it compares equal to the
///         `std::errc` of `code`. What has nothing to do with io_uring (EMFILE) is handed through.
[[nodiscard]] std::error_code to_refusal(int code) noexcept;

/// For a kernel that has io_uring, and lacks what the backend needs of it.
[[nodiscard]] std::error_code kernel_too_old() noexcept;
/// The same for `CompletionRing`, which needs more.
[[nodiscard]] std::error_code kernel_too_old_for_completions() noexcept;

}  // namespace polymux
