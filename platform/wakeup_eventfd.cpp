#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>

#include "platform/system_error.hpp"
#include "platform/wakeup.hpp"

namespace polymux {

std::error_code Wakeup::open() noexcept {
  read_end_.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  return read_end_ ? std::error_code{} : last_error();
}

void Wakeup::signal() noexcept {
  const int saved = errno;
  const std::uint64_t one = 1;
  // Fails otherwise only if the counter is full, and then it is readable anyway.
  while (::write(read_end_.get(), &one, sizeof one) < 0 && errno == EINTR) {
  }
  errno = saved;
}

void Wakeup::clear() noexcept {
  std::uint64_t count = 0;
  [[maybe_unused]] const auto taken = ::read(read_end_.get(), &count, sizeof count);
}

}  // namespace polymux
