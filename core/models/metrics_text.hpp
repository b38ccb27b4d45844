#pragma once

#include <string>

#include <polymux/service/connection_options.hpp>

#include "core/models/loop_measures.hpp"

namespace polymux {

/// What a server tells of itself to whoever asks for its metrics.
struct Metrics {
  ConnectionCounters counters{};
  /// Whether it answers datagrams rather than connections.
  bool are_datagrams = false;
  /// Has a loop that is measured.
  bool has_loops = false;
  LoopTotals loops{};
};

/// In Prometheus's text format, version 0.0.4: for each family its HELP, its TYPE and its samples.
[[nodiscard]] std::string to_exposition(const Metrics& metrics);

}  // namespace polymux
