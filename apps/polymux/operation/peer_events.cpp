#include "apps/polymux/operation/peer_events.hpp"

#include <array>
#include <cstdint>

namespace operation {
namespace {

using polymux::ConnectionCounters;

struct Kind {
  std::uint64_t ConnectionCounters::*counter;
  const char* what;
};

constexpr std::array kinds{
    Kind{&ConnectionCounters::refused_limit, "clients were refused, for --max-connections"},
    Kind{&ConnectionCounters::refused_descriptors, "clients were refused, for want of descriptors"},
    Kind{&ConnectionCounters::accept_errors, "clients could not be accepted"},
    Kind{&ConnectionCounters::idle_timeouts, "clients were let go, for --idle-timeout"},
    Kind{&ConnectionCounters::resets, "connections were broken off"},
    Kind{&ConnectionCounters::datagrams_dropped, "datagrams were not answered"}};

}  // namespace

std::vector<std::string> PeerEvents::look(const ConnectionCounters& now) {
  std::vector<std::string> lines;
  for (const auto& kind : kinds) {
    const auto count = now.*kind.counter - before_.*kind.counter;
    if (count != 0) lines.push_back(std::to_string(count) + " " + kind.what);
  }
  before_ = now;
  return lines;
}

}  // namespace operation
