#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "size_range.hpp"

namespace load {

/// How bytes are sent and received: by this program, when the poller finds a socket ready, or by
/// the kernel, which tells when it is done.
enum class Io : std::uint8_t { readiness, uring };

/// What the command line asks for.
struct Options {
  std::string target;
  std::uint64_t connections = 64;
  /// Silent beside the busy ones.
  std::uint64_t idle = 0;
  std::uint64_t threads = 1;
  /// Without either, ten seconds.
  std::optional<std::chrono::nanoseconds> duration{};
  std::optional<std::uint64_t> requests{};
  SizeRange sizes{};
  /// Requests of a connection that wait for their answers at a time.
  std::uint64_t depth = 1;
  /// Requests a second, in all; empty for a closed loop.
  std::optional<std::uint64_t> rate{};
  bool reconnects = false;
  bool is_udp = false;
  /// Connections end in order (FIN) and not by a reset.
  bool ends_in_order = false;
  std::chrono::nanoseconds timeout = std::chrono::seconds{5};
  std::uint64_t seed = 1;
  /// Empty for the library's choice.
  std::optional<std::string> backend{};
  /// Empty for what is best here.
  std::optional<Io> io{};
  /// Addresses to connect from; empty for the system's choice.
  std::vector<std::string> sources{};
};

}  // namespace load
