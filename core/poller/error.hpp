#pragma once

#include <system_error>
#include <type_traits>

#include <polymux/export.hpp>

namespace polymux {
/// \addtogroup poller
/// \{

/// Why polymux refuses. Every backend answers with the same code for the same mistake; what the
/// system itself refuses (out of memory, out of watches) comes back as the system's own code.
///
/// Each compares equal to one `std::errc`, so that a program need not know this enumeration.
enum class Errc {
  /// The number is not an open descriptor (`errc::bad_file_descriptor`).
  bad_descriptor = 1,
  /// `add` of a descriptor that this poller has (`errc::file_exists`).
  already_registered,
  /// `modify` or `remove` of one that it does not have (`errc::no_such_file_or_directory`).
  not_registered,
  /// A file that has no readiness: regular file, directory, /dev/null
  /// (`errc::operation_not_permitted`).
  not_pollable,
  /// Interest in a direction that the descriptor is not open for (`errc::permission_denied`).
  wrong_direction,
  /// The backend has no such trigger or interest; see `Capabilities` (`errc::not_supported`).
  not_supported,
  /// This kernel's multiplexer cannot wait for the descriptor, though another backend can:
  /// a terminal, under kqueue on macOS; see `waitable` (`errc::not_supported`).
  refused_by_backend,
  /// Greater than `Capabilities::greatest_fd` (`errc::value_too_large`).
  descriptor_too_large,
  /// An argument that can never be right: an empty buffer, unknown flags
  /// (`errc::invalid_argument`).
  invalid_argument,
  /// The poller was opened by another process, before a fork (`errc::operation_not_permitted`).
  used_after_fork,
  /// No backend of that name (`errc::no_such_device`).
  unknown_backend,
  /// The backend cannot be used on this system (`errc::function_not_supported`).
  backend_unavailable,
};

/// \return The category of `Errc`, whose name is `polymux`. Its messages say what is wrong and what
///         would be right.
[[nodiscard]] POLYMUX_API const std::error_category& polymux_category() noexcept;
/// Makes an error code; the standard library calls it where an `Errc` is given or compared.
///
/// \param code  Why polymux refuses.
/// \return The same in `polymux_category()`.
[[nodiscard]] POLYMUX_API std::error_code make_error_code(Errc code) noexcept;

/// \}
}  // namespace polymux

/// An `Errc` is an error code wherever one is expected.
template <>
struct std::is_error_code_enum<polymux::Errc> : std::true_type {};
