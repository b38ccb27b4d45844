#include "platform/unique_fd.hpp"

#include <unistd.h>

#include <cerrno>

namespace polymux {

void UniqueFd::reset(int fd) noexcept {
  const int old = std::exchange(fd_, fd);
  if (old < 0 || old == fd) return;
  // Never repeated after EINTR: the number is free by then on Linux and the BSDs (close(2)), and
  // may be another's already.
  const int saved = errno;
  ::close(old);
  errno = saved;
}

}  // namespace polymux
