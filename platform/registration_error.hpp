#pragma once

#include <cerrno>
#include <system_error>

#include <polymux/poller/error.hpp>

namespace polymux {

/// What epoll_ctl(2) says of a registration, in the words of the contract.
[[nodiscard]] inline std::error_code to_registration_error(int code) noexcept {
  switch (code) {
    case 0:
      return {};
    case EPERM:
      return Errc::not_pollable;
    case EBADF:
      return Errc::bad_descriptor;
    case ENOENT:
      return Errc::not_registered;
    case EEXIST:
      return Errc::already_registered;
    default:
      return {code, std::system_category()};
  }
}

}  // namespace polymux
