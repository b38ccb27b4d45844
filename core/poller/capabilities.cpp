#include <polymux/poller/capabilities.hpp>

namespace polymux {

std::string_view to_string(WaitCost cost) noexcept {
  switch (cost) {
    case WaitCost::ready:
      return "ready";
    case WaitCost::registered:
      return "registered";
    case WaitCost::greatest_fd:
      return "greatest_fd";
  }
  return "unknown";
}

std::string missing(const Requirements& wanted, const Capabilities& offered) {
  std::string names;
  const auto require = [&names](bool is_met, std::string_view name) {
    if (is_met) return;
    if (!names.empty()) names += ", ";
    names += name;
  };
  require(!wanted.edge || offered.edge, "edge");
  require(!wanted.priority || offered.priority, "priority");
  require(!wanted.read_closed || offered.read_closed, "read_closed");
  require(!wanted.hangup || offered.hangup, "hangup");
  require(!wanted.error || offered.error, "error");
  require(!wanted.pollable_handle || offered.pollable_handle, "pollable_handle");
  require(!wanted.timeout_step || offered.timeout_step <= *wanted.timeout_step, "timeout_step");
  require(
      !wanted.greatest_fd || !offered.greatest_fd || *offered.greatest_fd >= *wanted.greatest_fd,
      "greatest_fd");
  return names;
}

}  // namespace polymux
