#pragma once

#include <sys/socket.h>
#include <sys/types.h>

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

/// For `receive` and `send` alone, whose call of the system ended so: judge it, or try it again.
[[nodiscard]] IoResult receive_otherwise(int socket, std::span<char> room, ssize_t result) noexcept;
[[nodiscard]] IoResult send_otherwise(int socket, std::span<const char> bytes) noexcept;

/// For send(2): keeps SIGPIPE away, where it can.
extern const int send_flags;

/// Receives what there is, at most `room`, which must not be empty. Never EINTR.
[[nodiscard]] inline IoResult receive(int socket, std::span<char> room) noexcept {
  const auto count = ::recv(socket, room.data(), room.size(), 0);
  if (count <= 0) return receive_otherwise(socket, room, count);
  return {.status = IoStatus::done, .count = static_cast<std::size_t>(count)};
}

/// True if something waits to be received; takes nothing, and does not wait.
[[nodiscard]] bool has_bytes(int socket) noexcept;

/// Sends what the kernel takes of `bytes`, which must not be empty. Never EINTR, never SIGPIPE.
[[nodiscard]] inline IoResult send(int socket, std::span<const char> bytes) noexcept {
  const auto count = ::send(socket, bytes.data(), bytes.size(), send_flags);
  if (count < 0) return send_otherwise(socket, bytes);
  return {.status = IoStatus::done, .count = static_cast<std::size_t>(count)};
}

/// As `send`, without waiting, on a socket that blocks too.
[[nodiscard]] IoResult send_now(int socket, std::span<const char> bytes) noexcept;

/// Once for each socket that is sent on: keeps SIGPIPE away where `send` alone cannot (macOS).
[[nodiscard]] std::error_code prepare_to_send(int socket) noexcept;

}  // namespace polymux
