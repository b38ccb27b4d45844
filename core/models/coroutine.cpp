// One loop in one thread, and a task for each client, which reads like a program that blocks.

#include "core/models/coroutine_pool.hpp"
#include "core/models/loop_server.hpp"
#include "core/service/pool_manager.hpp"

namespace polymux {
namespace {

ServerOutcome serve(Service& service, const ServerOptions& options, ServerObserver& observer) {
  auto opened = open_poller_for(options);
  if (!opened) return cannot_open(opened);
  EventLoop loop(std::move(opened.poller));
  LiveCounters counters;
  PoolManager<CoroutinePool> manager(loop, service, options.connections, {{&counters, 1}});
  return LoopServer(loop, manager, options, observer).run(opened.backend);
}

}  // namespace

extern const ServerModel coroutine_model;
const ServerModel coroutine_model{.name = "coroutine",
                                  .summary = "one loop, and a coroutine for each client",
                                  .known_from = "Asio, Seastar; Knuth's coroutines",
                                  .takes_backend = true,
                                  .serve = serve};

}  // namespace polymux
