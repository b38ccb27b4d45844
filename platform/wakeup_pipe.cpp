#include <unistd.h>

#include <array>

#include "platform/descriptors.hpp"
#include "platform/system_error.hpp"
#include "platform/wakeup.hpp"

namespace polymux {

std::error_code Wakeup::open() noexcept {
  return open_pipe(read_end_, write_end_);
}

void Wakeup::signal() noexcept {
  const int saved = errno;
  const char byte = 0;
  // Fails otherwise only if the pipe is full, and then it is readable anyway.
  while (::write(write_end_.get(), &byte, 1) < 0 && errno == EINTR) {
  }
  errno = saved;
}

void Wakeup::clear() noexcept {
  std::array<char, 512> bytes;
  // A short read has emptied the pipe. EINTR leaves the rest for the next look.
  while (::read(read_end_.get(), bytes.data(), bytes.size()) ==
         static_cast<ssize_t>(bytes.size())) {
  }
}

}  // namespace polymux
