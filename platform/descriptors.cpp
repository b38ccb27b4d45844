#include "platform/descriptors.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <polymux/poller/error.hpp>

#include "platform/system_error.hpp"

namespace polymux {
namespace {

// Of a call that asks what a number is: any other failure says nothing about the number. That it is
// closed is taken from nothing less than two answers, for what is called closed falls silent for
// good.
std::error_code why_unknown(int fd) noexcept {
  const auto error = last_error();
  return error == std::errc::bad_file_descriptor && !is_open(fd) ? Errc::bad_descriptor : error;
}

std::uint32_t fold(const struct stat& status) noexcept {
  const auto inode = static_cast<std::uint64_t>(status.st_ino);
  const auto device = static_cast<std::uint64_t>(status.st_dev);
  return static_cast<std::uint32_t>(inode ^ (inode >> 32) ^ (device << 24));
}

std::error_code set_flag(int fd, int flag, bool is_wanted) noexcept {
  // Read-modify-write: F_SETFL replaces all flags, O_ASYNC among them.
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0) return last_error();
  if (((flags & flag) != 0) == is_wanted) return {};
  const int changed = is_wanted ? flags | flag : flags & ~flag;
  return ::fcntl(fd, F_SETFL, changed) < 0 ? last_error() : std::error_code{};
}

// O_PATH (open(2), Linux) opens a name and not the file: neither direction.
constexpr int path_only =
#ifdef O_PATH
    O_PATH;
#else
    0;
#endif

}  // namespace

std::error_code set_nonblocking(int fd) noexcept {
  return set_flag(fd, O_NONBLOCK, true);
}

std::error_code set_blocking(int fd) noexcept {
  return set_flag(fd, O_NONBLOCK, false);
}

std::error_code duplicate(int fd, UniqueFd& twin) noexcept {
  twin.reset(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
  return twin ? std::error_code{} : last_error();
}

std::error_code set_close_on_exec(int fd) noexcept {
  return ::fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 ? last_error() : std::error_code{};
}

std::error_code describe(int fd, DescriptorInfo& info) noexcept {
  struct stat status {};
  if (::fstat(fd, &status) != 0) return why_unknown(fd);
  info = {};
  info.file_id = fold(status);
  if (S_ISSOCK(status.st_mode)) {
    info.can_read = true;
    info.can_write = true;
    info.is_socket = true;
    return {};
  }
  info.is_pipe = S_ISFIFO(status.st_mode);
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0) return why_unknown(fd);
  if ((flags & path_only) != 0) return Errc::bad_descriptor;
  const int mode = flags & O_ACCMODE;
  info.can_read = mode == O_RDONLY || mode == O_RDWR;
  info.can_write = mode == O_WRONLY || mode == O_RDWR;
  return {};
}

bool is_open(int fd) noexcept {
  return ::fcntl(fd, F_GETFD) >= 0 || errno != EBADF;
}

}  // namespace polymux
