#pragma once

#include <sys/types.h>

#include <string>
#include <system_error>

namespace polymux {

/// The file of a Unix-domain socket that this process listens on: removed at the end, unless it is
/// another's by then.
class UnixSocketFile {
 public:
  UnixSocketFile() = default;
  UnixSocketFile(UnixSocketFile&& other) noexcept;
  UnixSocketFile& operator=(UnixSocketFile&& other) noexcept;
  UnixSocketFile(const UnixSocketFile&) = delete;
  UnixSocketFile& operator=(const UnixSocketFile&) = delete;
  /// Removes.
  ~UnixSocketFile() { remove(); }

  /// Takes charge of the file that bind(2) has just made.
  [[nodiscard]] std::error_code own(std::string path);

  /// Leaves the file to others: in a child, to the parent.
  void disown() noexcept { path_.clear(); }

  /// Removes the file, if it still is the one that was made here. A second time does nothing.
  void remove() noexcept;

 private:
  std::string path_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

/// Removes the socket file of a server that has died: one to which nobody listens. Two servers that
/// start at once for one path may both find it dead, and the second then wins.
///
/// \return `address_in_use` if a server lives there; `file_exists` if it is no socket; else the
///         system's code.
[[nodiscard]] std::error_code remove_stale_socket(const std::string& path);

}  // namespace polymux
