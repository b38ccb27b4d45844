#include "core/models/server_frame.hpp"

#include <string>
#include <vector>

#include "core/models/server_outcome.hpp"

namespace polymux {

std::optional<ServerOutcome> ServerFrame::open() {
  std::vector<std::string> bound;
  const auto result = reception.listen(options.addresses, bound);
  if (!result) return cannot_listen(result);
  if (auto outcome = observer.on_bound(); outcome.kind != ServerOutcome::Kind::ended) {
    return outcome;
  }
  if (const auto error = control.open()) return failed_server("cannot watch signals", error);
  if (!observer.on_listening(bound, {})) return ServerOutcome{};
  control.begin();
  return std::nullopt;
}

}  // namespace polymux
