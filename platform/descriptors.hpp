#pragma once

#include <cstdint>
#include <system_error>

#include "platform/unique_fd.hpp"

namespace polymux {

/// Opens a pipe whose ends are non-blocking and closed on exec, atomically where the system can.
[[nodiscard]] std::error_code open_pipe(UniqueFd& read_end, UniqueFd& write_end) noexcept;

[[nodiscard]] std::error_code set_nonblocking(int fd) noexcept;
[[nodiscard]] std::error_code set_blocking(int fd) noexcept;
[[nodiscard]] std::error_code set_close_on_exec(int fd) noexcept;

/// Another number of the same file, closed on exec.
[[nodiscard]] std::error_code duplicate(int fd, UniqueFd& twin) noexcept;

/// What an open descriptor is, as far as it matters to a multiplexer.
struct DescriptorInfo {
  /// Equal for the same file; different ones may share it (a FIFO opened twice, two eventfds).
  std::uint32_t file_id = 0;
  bool can_read : 1 = false;
  bool can_write : 1 = false;
  bool is_socket : 1 = false;
  /// A pipe or a FIFO.
  bool is_pipe : 1 = false;
};

/// Describes `fd`. One system call for a socket, two for the rest.
///
/// \return `Errc::bad_descriptor` if the number is not open, or is open as a mere path (O_PATH).
[[nodiscard]] std::error_code describe(int fd, DescriptorInfo& info) noexcept;

/// True if `fd` is an open descriptor.
[[nodiscard]] bool is_open(int fd) noexcept;

}  // namespace polymux
