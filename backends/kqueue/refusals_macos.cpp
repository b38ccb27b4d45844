// macOS: when the last writer of a named FIFO closes it, kqueue wakes no reader (golang/go#24164;
// `kqueue.c` of libuv). Unnamed pipes are well.

#include <fcntl.h>
#include <sys/param.h>

#include <array>

#include <polymux/poller/error.hpp>

#include "backends/kqueue/refusals.hpp"

namespace polymux {

std::error_code refuse_by_system(int fd, const DescriptorInfo& file) noexcept {
  if (!file.is_pipe || !file.can_read) return {};
  // A FIFO has a path, and an unnamed pipe has none (fcntl(2), F_GETPATH).
  std::array<char, MAXPATHLEN> path{};
  const bool is_named = ::fcntl(fd, F_GETPATH, path.data()) >= 0;
  return is_named ? Errc::refused_by_backend : std::error_code{};
}

}  // namespace polymux
