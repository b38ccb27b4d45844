#pragma once

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <memory>

#include "upper_case.hpp"

namespace bench {

/// What one turn reads of one client, as polymux does.
inline constexpr std::size_t scratch_size = std::size_t{64} * 1024;
inline char* scratch() noexcept {
  alignas(64) static char bytes[scratch_size];
  return bytes;
}

/// The connection of a server that is told of readiness: reads into one buffer that all share,
/// answers at once, and keeps only what the client did not take; it reads no more until that is
/// gone. What polymux does, so that the servers differ in nothing but the multiplexing.
class EchoState {
 public:
  enum class Wants { read, write, nothing };

  /// The socket is ready for what was wanted. \return `nothing`: close it.
  Wants serve(int fd) {
    if (left_ != 0) return send_rest(fd);
    const auto count = ::recv(fd, scratch(), scratch_size, 0);
    if (count == 0) return Wants::nothing;
    if (count < 0) return errno == EAGAIN || errno == EINTR ? Wants::read : Wants::nothing;
    const auto size = static_cast<std::size_t>(count);
    upper_case(scratch(), size);
    return answer(fd, scratch(), size);
  }

 private:
  Wants answer(int fd, const char* bytes, std::size_t size) {
    const auto count = ::send(fd, bytes, size, MSG_NOSIGNAL);
    if (count == static_cast<ssize_t>(size)) return Wants::read;
    if (count < 0 && errno != EAGAIN) return Wants::nothing;
    const auto sent = static_cast<std::size_t>(count < 0 ? 0 : count);
    left_ = size - sent;
    rest_ = std::make_unique<char[]>(left_);
    std::copy(bytes + sent, bytes + size, rest_.get());
    at_ = 0;
    return Wants::write;
  }

  Wants send_rest(int fd) {
    const auto count = ::send(fd, rest_.get() + at_, left_, MSG_NOSIGNAL);
    if (count < 0) return errno == EAGAIN ? Wants::write : Wants::nothing;
    at_ += static_cast<std::size_t>(count);
    left_ -= static_cast<std::size_t>(count);
    if (left_ != 0) return Wants::write;
    rest_.reset();
    return Wants::read;
  }

  std::unique_ptr<char[]> rest_;
  std::size_t at_ = 0;
  std::size_t left_ = 0;
};

}  // namespace bench
