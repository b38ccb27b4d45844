// Linux: epoll_ctl(2) refuses with EPERM what has no readiness, which fstat(2) cannot tell.

#include <sys/epoll.h>

#include <polymux/poller/error.hpp>

#include "platform/readiness_probe.hpp"
#include "platform/system_error.hpp"

namespace polymux {

std::error_code check_readiness(int fd, const DescriptorInfo& file) noexcept {
  if (file.is_socket) return {};
  const UniqueFd set(::epoll_create1(EPOLL_CLOEXEC));
  if (!set) return last_error();
  epoll_event silent{};
  if (::epoll_ctl(set.get(), EPOLL_CTL_ADD, fd, &silent) == 0) return {};
  if (errno == EPERM) return Errc::not_pollable;
  return errno == EBADF ? std::error_code(Errc::bad_descriptor) : last_error();
}

}  // namespace polymux
