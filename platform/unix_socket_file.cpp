#include "platform/unix_socket_file.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

#include "platform/socket_address.hpp"
#include "platform/sockets.hpp"
#include "platform/system_error.hpp"

namespace polymux {
namespace {

// Only a connection tells whether somebody listens: a file outlives its server.
std::error_code knock(const std::string& path) {
  UniqueFd socket;
  if (const auto error = open_stream_socket(AF_UNIX, socket)) return error;
  const auto address = SocketAddress::of_unix({.kind = Endpoint::Kind::unix_file, .host = path});
  const int failed = ::connect(socket.get(), address.get(), address.length());
  return failed == 0 ? std::error_code{} : last_error();
}

bool is_same(const struct stat& a, const struct stat& b) noexcept {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

}  // namespace

UnixSocketFile::UnixSocketFile(UnixSocketFile&& other) noexcept
    : path_(std::exchange(other.path_, {})), device_(other.device_), inode_(other.inode_) {}

UnixSocketFile& UnixSocketFile::operator=(UnixSocketFile&& other) noexcept {
  remove();
  path_ = std::exchange(other.path_, {});
  device_ = other.device_;
  inode_ = other.inode_;
  return *this;
}

std::error_code UnixSocketFile::own(std::string path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) return last_error();
  remove();
  path_ = std::move(path);
  device_ = status.st_dev;
  inode_ = status.st_ino;
  return {};
}

void UnixSocketFile::remove() noexcept {
  const auto path = std::exchange(path_, {});
  struct stat status {};
  if (path.empty() || ::lstat(path.c_str(), &status) != 0) return;
  if (status.st_dev == device_ && status.st_ino == inode_) ::unlink(path.c_str());
}

std::error_code remove_stale_socket(const std::string& path) {
  struct stat before {};
  struct stat after {};
  if (::lstat(path.c_str(), &before) != 0) return last_error();
  if (!S_ISSOCK(before.st_mode)) return std::make_error_code(std::errc::file_exists);
  const auto answer = knock(path);
  if (answer == std::errc::permission_denied) return answer;
  if (answer != std::errc::connection_refused) {
    return std::make_error_code(std::errc::address_in_use);
  }
  // Another may have replaced it between the two looks.
  if (::lstat(path.c_str(), &after) != 0) return last_error();
  if (!is_same(before, after)) return std::make_error_code(std::errc::address_in_use);
  return ::unlink(path.c_str()) == 0 ? std::error_code{} : last_error();
}

}  // namespace polymux
