// One loop that does all of the input and output, and threads that do the work:
// half-sync/half-async.

#include <algorithm>
#include <cstddef>
#include <thread>

#include "core/models/answer_workers.hpp"
#include "core/models/loop_server.hpp"
#include "core/service/connection_pool.hpp"
#include "core/service/live_counters.hpp"
#include "core/service/pool_manager.hpp"

namespace polymux {
namespace {

ServerOutcome serve(Service& service, const ServerOptions& options, ServerObserver& observer) {
  auto opened = open_poller_for(options);
  if (!opened) return cannot_open(opened);
  EventLoop loop(std::move(opened.poller));
  AnswerWorkers workers(loop, service);
  const std::size_t threads =
      options.workers != 0 ? options.workers : std::max(1U, std::thread::hardware_concurrency());
  if (const auto error = workers.start(threads))
    return failed_server("cannot start threads", error);
  LiveCounters counters;
  PoolManager<ConnectionPool> manager(loop, service, options.connections, {{&counters, 1}});
  manager.pool().answer_by(workers);
  return LoopServer(loop, manager, options, observer).run(opened.backend);
}

}  // namespace

extern const ServerModel reactor_workers_model;
const ServerModel reactor_workers_model{
    .name = "reactor-workers",
    .summary = "one loop for input and output, and threads for the work",
    .known_from = "MySQL's thread pool; Schmidt's Half-Sync/Half-Async",
    .takes_backend = true,
    .workers = Workers::threads,
    .serve = serve};

}  // namespace polymux
