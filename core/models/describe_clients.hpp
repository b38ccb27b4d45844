#pragma once

#include <string>

#include "core/service/live_counters.hpp"

namespace polymux {

/// Of one that serves among others, for `ServerState::parts`.
[[nodiscard]] inline std::string describe_clients(const LiveCounters& counters) {
  return " active=" + std::to_string(counters.active.get()) +
         " accepted=" + std::to_string(counters.accepted.get()) +
         " bytes_in=" + std::to_string(counters.bytes_in.get()) +
         " bytes_out=" + std::to_string(counters.bytes_out.get());
}

}  // namespace polymux
