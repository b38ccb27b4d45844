#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "failure.hpp"

namespace load {

/// The first byte that was not as it had to be.
struct WrongByte {
  /// Number of the connection, and of the byte among all that came on it (of a datagram: in it).
  std::uint64_t connection = 0;
  std::uint64_t position = 0;
  unsigned char expected = 0;
  unsigned char got = 0;
  /// It came although nothing more was asked; `expected` means nothing then. Also an answer of a
  /// wrong length.
  bool is_surplus = false;
};

/// What happened. One for each thread; then they are added.
struct Tally {
  /// Requests, in the end asked = answered + all of failures.
  std::uint64_t asked = 0;
  std::uint64_t answered = 0;
  FailureCounts failures{};
  /// Were due in an open loop, and no connection was free to send them.
  std::uint64_t unsent = 0;
  /// Payload.
  std::uint64_t bytes_sent = 0;
  std::uint64_t bytes_received = 0;
  /// Answers up to the end of the time that is measured.
  std::uint64_t answered_in_time = 0;
  std::uint64_t bytes_received_in_time = 0;
  /// Datagrams that answered what was given up as lost, or answered twice.
  std::uint64_t late = 0;
  /// Datagrams that answer nothing that was ever asked.
  std::uint64_t strays = 0;

  std::uint64_t connections_opened = 0;
  /// That could not be opened.
  FailureCounts connection_failures{};
  /// That were open.
  FailureCounts connection_losses{};
  std::uint64_t idle_opened = 0;
  /// Idle ones that were answered at the end too.
  std::uint64_t idle_kept = 0;

  std::optional<WrongByte> first_wrong{};
  /// What the system said where a failure is `other`.
  std::string first_error{};

  void merge(const Tally& other);
};

}  // namespace load
