#include "core/models/server_frame.hpp"

#include <string>
#include <vector>

#include "core/models/loop_server.hpp"
#include "core/models/server_outcome.hpp"

namespace polymux {

std::optional<ServerOutcome> ServerFrame::open() {
  std::vector<std::string> bound;
  const auto result = reception.listen(options.addresses, bound);
  if (!result) return cannot_listen(result);
  ListenResult metrics_bound;
  if (!options.metrics.empty()) {
    metrics_bound = metrics.listen(options.metrics);
    if (!metrics_bound) return cannot_listen(metrics_bound);
  }
  if (auto outcome = observer.on_bound(); outcome.kind != ServerOutcome::Kind::ended) {
    return outcome;
  }
  if (const auto error = control.open()) return failed_server("cannot watch signals", error);
  if (!options.metrics.empty()) {
    if (auto outcome = metrics.start(); outcome.kind != ServerOutcome::Kind::ended) return outcome;
    tell_of_metrics(metrics_bound.addresses, observer);
  }
  if (!observer.on_listening(bound, {})) return ServerOutcome{};
  control.begin();
  return std::nullopt;
}

}  // namespace polymux
