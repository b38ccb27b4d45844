#include "plan.hpp"

#include <algorithm>

namespace load {
namespace {

/// Of `whole`, the part of number `index`; the first ones take what does not go evenly.
struct Part {
  std::uint64_t first = 0;
  std::uint64_t count = 0;
};

Part part_of(std::uint64_t whole, std::uint64_t parts, std::uint64_t index) {
  const auto even = whole / parts;
  const auto rest = whole % parts;
  return {.first = even * index + std::min(index, rest), .count = even + (index < rest ? 1 : 0)};
}

}  // namespace

std::vector<Share> split(const Options& options) {
  // A worker without a busy connection could not do its part of the requests.
  const auto useful = options.connections > 0 ? options.connections : options.idle;
  const auto workers =
      std::clamp<std::uint64_t>(options.threads, 1, std::max<std::uint64_t>(useful, 1));
  std::vector<Share> shares;
  for (std::uint64_t index = 0; index < workers; ++index) {
    const auto busy = part_of(options.connections, workers, index);
    const auto idle = part_of(options.idle, workers, index);
    shares.push_back({.index = index,
                      .workers = workers,
                      .connections = busy.count,
                      .idle = idle.count,
                      .first_connection = busy.first,
                      .first_idle = options.connections + idle.first});
    if (options.requests) {
      shares.back().requests = part_of(*options.requests, workers, index).count;
    }
  }
  return shares;
}

}  // namespace load
