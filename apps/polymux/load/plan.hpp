#pragma once

#include <cstdint>
#include <vector>

#include "options.hpp"
#include "pacer.hpp"
#include "payload.hpp"
#include "target.hpp"

namespace load {

/// What the workers of a run have in common. Nothing of it changes while they run.
struct Plan {
  Options options;
  Io io = Io::readiness;
  Target target;
  Payload payload;
};

/// What one of the workers has to do.
struct Share {
  std::uint64_t index = 0;
  std::uint64_t workers = 1;
  std::uint64_t connections = 0;
  std::uint64_t idle = 0;
  std::uint64_t requests = Pacer::no_limit;
  /// The numbers of its connections begin there.
  std::uint64_t first_connection = 0;
  std::uint64_t first_idle = 0;
};

/// Splits evenly: no two differ by more than one. As many workers as there are threads, unless that
/// would leave one without a connection.
[[nodiscard]] std::vector<Share> split(const Options& options);

}  // namespace load
