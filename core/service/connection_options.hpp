#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace polymux {
/// \addtogroup service
/// \{

/// What a `ConnectionManager` allows its clients.
struct ConnectionOptions {
  /// Clients at a time; those beyond are accepted and closed at once. Zero: as many as there are
  /// descriptors.
  std::size_t max_connections = 0;
  /// A connection on which no byte moves in either direction for so long is closed. Zero or less:
  /// never.
  std::chrono::nanoseconds idle_timeout = std::chrono::minutes{5};
  /// How long `drain` waits for clients before it closes them. Zero or less: not at all.
  std::chrono::nanoseconds drain_timeout = std::chrono::seconds{10};
  /// Bytes that are read from a client at once, hence kept for one that does not take its answer.
  /// No more is read from that client until it has taken them. At least 1; at most 64 KiB are used.
  std::size_t max_buffer = std::size_t{64} * 1024;
};

/// What has happened to connections so far. All but `active` only grow.
struct ConnectionCounters {
  /// Connections that are or were served; none that was refused.
  std::uint64_t accepted = 0;
  /// Open at present.
  std::uint64_t active = 0;
  /// Connections that were served and have ended, for whatever reason.
  std::uint64_t closed = 0;
  /// Closed at once, because `max_connections` was reached.
  std::uint64_t refused_limit = 0;
  /// Closed at once, for want of descriptors.
  std::uint64_t refused_descriptors = 0;
  /// Connections lost while they were being accepted, and failures of accepting itself.
  std::uint64_t accept_errors = 0;
  /// Connections that were closed after `idle_timeout`.
  std::uint64_t idle_timeouts = 0;
  /// Connections that the peer, or the way to it, broke off.
  std::uint64_t resets = 0;
  /// Bytes that clients have sent, and that were read.
  std::uint64_t bytes_in = 0;
  /// Bytes of answers that the system has taken.
  std::uint64_t bytes_out = 0;
  /// Datagrams that were received, of a server of datagrams.
  std::uint64_t datagrams_in = 0;
  /// Datagrams that were answered.
  std::uint64_t datagrams_out = 0;
  /// Datagrams that were not answered, for one was longer than `max_buffer` or the system did not
  /// take its answer.
  std::uint64_t datagrams_dropped = 0;
  /// How often reading from a client stopped because it did not take its answer.
  std::uint64_t backpressure = 0;
};

/// \}
}  // namespace polymux
