#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <system_error>

namespace load {

/// Why a request was not answered, or a connection not opened or not kept.
enum class Failure : std::uint8_t {
  /// Nobody listens there.
  refused,
  /// Not within the time-out; of a datagram, lost.
  timed_out,
  /// The server has ended the connection.
  closed,
  /// The server has broken it off.
  reset,
  /// What came is not what had to come.
  wrong,
  /// No port of this machine is free for it.
  no_port,
  /// This process, or the system, may open no more descriptors.
  no_descriptor,
  /// The run was ended before.
  abandoned,
  /// Another error of the system.
  other,
};

inline constexpr std::size_t failure_count = static_cast<std::size_t>(Failure::other) + 1;

/// How often each came.
using FailureCounts = std::array<std::uint64_t, failure_count>;

[[nodiscard]] std::uint64_t total(const FailureCounts& counts) noexcept;

/// Its name in JSON.
[[nodiscard]] const char* name_of(Failure failure) noexcept;

/// What an error of connect(2), send(2) or recv(2) means.
[[nodiscard]] Failure classify(const std::error_code& error) noexcept;

}  // namespace load
