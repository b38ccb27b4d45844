#include "platform/latch.hpp"

#include <unistd.h>

#include <cerrno>

#include "platform/descriptors.hpp"

namespace polymux {

std::error_code Latch::open() noexcept {
  return open_pipe(read_end_, write_end_);
}

void Latch::trip() noexcept {
  const int saved = errno;
  const char byte = 0;
  // A byte, rather than to close this end: a fork at the same moment may have copied it.
  while (::write(write_end_.get(), &byte, 1) < 0 && errno == EINTR) {
  }
  errno = saved;
}

}  // namespace polymux
