// BSD and macOS: no kernel call answers it, but the kinds of file that have no readiness are known.

#include <sys/stat.h>

#include <array>

#include <polymux/poller/error.hpp>

#include "platform/readiness_probe.hpp"

namespace polymux {
namespace {

// Devices that are always ready, as a regular file is.
bool is_bottomless(const struct stat& file) noexcept {
  for (const char* path : std::array{"/dev/null", "/dev/zero", "/dev/full"}) {
    struct stat device {};
    if (::stat(path, &device) == 0 && device.st_rdev == file.st_rdev) return true;
  }
  return false;
}

}  // namespace

std::error_code check_readiness(int fd, const DescriptorInfo& file) noexcept {
  if (file.is_socket) return {};
  struct stat status {};
  if (::fstat(fd, &status) != 0) return Errc::bad_descriptor;
  if (S_ISREG(status.st_mode) || S_ISDIR(status.st_mode) || S_ISBLK(status.st_mode)) {
    return Errc::not_pollable;
  }
  if (S_ISCHR(status.st_mode) && is_bottomless(status)) return Errc::not_pollable;
  return {};
}

}  // namespace polymux
