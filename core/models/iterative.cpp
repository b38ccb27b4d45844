// One thread that has one client at a time: all of it is served before the next is accepted.

#include <array>
#include <string_view>

#include "core/models/one_at_a_time.hpp"
#include "core/models/server_frame.hpp"
#include "core/models/server_outcome.hpp"

namespace polymux {
namespace {

ServerOutcome serve(Service& service, const ServerOptions& options, ServerObserver& observer) {
  ServerCounters counters;
  ServerFrame frame(options, observer, counters);
  if (const auto outcome = frame.open()) return *outcome;
  OneAtATime server(service, options.connections, counters, frame.ending, frame.reception);
  ControlThread control(frame.control);
  if (const auto error = control.start()) return failed_server("cannot start a thread", error);
  server.run();
  return {};
}

// Those beyond one wait to be accepted, so that nobody can be refused.
constexpr std::array<std::string_view, 1> refused{"--max-connections"};

}  // namespace

extern const ServerModel iterative_model;
const ServerModel iterative_model{.name = "iterative",
                                  .summary = "one client at a time, by blocking",
                                  .known_from = "Stevens' iterative server; daytime, inetd's wait",
                                  .refused_options = refused,
                                  .serve = serve};

}  // namespace polymux
