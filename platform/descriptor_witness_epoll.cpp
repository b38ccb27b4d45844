// Linux. Sockets are told apart by inode, which is theirs alone while they live, and can all be
// waited for. Every other file is asked of an epoll set: epoll_ctl(2) refuses with EPERM what has
// no readiness, which fstat(2) cannot tell (/dev/null has none and /dev/random has; a regular file
// has none, and one of kernfs has), and keys its entries by number and open file.

#include <sys/epoll.h>

#include <polymux/poller/error.hpp>

#include "platform/descriptor_witness.hpp"
#include "platform/readiness_probe.hpp"
#include "platform/registration_error.hpp"
#include "platform/system_error.hpp"

namespace polymux {
namespace {

// One shot of nothing: the set is not waited on, and a hang-up disarms the entry for good.
int control(const UniqueFd& set, int operation, int fd) noexcept {
  epoll_event silent{};
  silent.events = EPOLLONESHOT;
  return ::epoll_ctl(set.get(), operation, fd, &silent) == 0 ? 0 : errno;
}

}  // namespace

std::error_code DescriptorWitness::open_set() noexcept {
  if (set_) return {};
  set_.reset(::epoll_create1(EPOLL_CLOEXEC));
  return set_ ? std::error_code{} : last_error();
}

std::error_code DescriptorWitness::admit(int fd, const DescriptorInfo& now,
                                         const DescriptorInfo* before) noexcept {
  if (now.is_socket) {
    const bool is_same = before != nullptr && before->is_socket && before->file_id == now.file_id;
    return is_same ? Errc::already_registered : std::error_code{};
  }
  if (const auto error = open_set()) return error;
  const int code = control(set_, EPOLL_CTL_ADD, fd);
  if (code == 0) return {};
  if (code != EEXIST) return to_registration_error(code);
  // Without a `before` it is what a duplicate kept alive after the number was forgotten.
  const bool is_same = before != nullptr && !before->is_socket;
  return is_same ? Errc::already_registered : std::error_code{};
}

std::error_code DescriptorWitness::confirm(int fd, const DescriptorInfo& admitted) noexcept {
  if (!admitted.is_socket) {
    const int code = control(set_, EPOLL_CTL_MOD, fd);
    // A file without readiness was never in the set: the number is another file's by now.
    return code == EPERM ? std::error_code(Errc::not_registered) : to_registration_error(code);
  }
  DescriptorInfo now;
  if (const auto error = describe(fd, now)) return error;
  const bool is_same = now.is_socket && now.file_id == admitted.file_id;
  return is_same ? std::error_code{} : Errc::not_registered;
}

void DescriptorWitness::forget(int fd, const DescriptorInfo& admitted) noexcept {
  if (!admitted.is_socket) control(set_, EPOLL_CTL_DEL, fd);
}

std::error_code check_readiness(int fd, const DescriptorInfo& file) noexcept {
  if (file.is_socket) return {};
  const UniqueFd set(::epoll_create1(EPOLL_CLOEXEC));
  return set ? to_registration_error(control(set, EPOLL_CTL_ADD, fd)) : last_error();
}

}  // namespace polymux
