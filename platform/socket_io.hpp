#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <system_error>

namespace polymux {

enum class IoStatus : std::uint8_t {
  /// `count` bytes were moved, at least one.
  done,
  /// The peer will send no more.
  end_of_stream,
  would_block,
  /// The peer has gone and took the connection with it.
  reset,
  failed,
};

struct IoResult {
  IoStatus status = IoStatus::failed;
  std::size_t count = 0;
};

/// What an errno of a read or write on a connection means. EPROTOTYPE is what macOS says of a peer
/// that vanishes while one writes to it.
[[nodiscard]] IoStatus classify_io_error(int code) noexcept;

/// Receives what there is, at most `room`, which must not be empty. Never EINTR.
[[nodiscard]] IoResult receive(int socket, std::span<char> room) noexcept;

/// Sends what the kernel takes of `bytes`, which must not be empty. Never EINTR, never SIGPIPE.
[[nodiscard]] IoResult send(int socket, std::span<const char> bytes) noexcept;

/// Once for each socket that is sent on: keeps SIGPIPE away where `send` alone cannot (macOS).
[[nodiscard]] std::error_code prepare_to_send(int socket) noexcept;

}  // namespace polymux
