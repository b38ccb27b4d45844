#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "histogram.hpp"
#include "options.hpp"
#include "tally.hpp"

namespace load {

/// What a run came to.
struct Result {
  Tally tally;
  Histogram latency;
  Histogram lag;
  /// From the first request to the last one that could be sent.
  double seconds = 0;
  /// Of this process, from the first request to the last answer.
  double cpu_seconds = 0;
  /// As a share of the time of one processor.
  double cpu_share = 0;
  std::uint64_t threads = 0;
  std::string backend;
  Io io = Io::readiness;
  /// The address that was connected to.
  std::string address;
  /// A signal has ended it.
  bool was_interrupted = false;
  /// So many requests were not to be had: nothing was answered any more.
  bool gave_up = false;
};

/// Runs the load that the options ask for. Tells of its progress on stderr once a second if
/// `shows_progress`. SIGINT and SIGTERM end it early, a second one at once.
///
/// Throws `WrongUsage`, or `std::runtime_error` for what the system refuses.
[[nodiscard]] Result run(const Options& options, bool shows_progress);

}  // namespace load
