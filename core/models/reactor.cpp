// One loop in one thread: it waits for whoever is ready, and does what can be done without waiting.

#include "core/models/loop_server.hpp"

namespace polymux {
namespace {

ServerOutcome serve(Service& service, const ServerOptions& options, ServerObserver& observer) {
  auto opened = open_poller_for(options);
  if (!opened) return cannot_open(opened);
  EventLoop loop(std::move(opened.poller));
  ConnectionManager manager(loop, service, options.connections);
  return LoopServer(loop, manager, options, observer).run(opened.backend);
}

}  // namespace

extern const ServerModel reactor_model;
const ServerModel reactor_model{.name = "reactor",
                                .summary = "one loop that is told who is ready",
                                .known_from = "Redis, Node.js; Schmidt's Reactor",
                                .takes_backend = true,
                                .serve = serve};

}  // namespace polymux
