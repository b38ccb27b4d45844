// One loop in one thread that is told what the kernel has done: accepted, received, sent.

#include "core/models/completion_manager.hpp"
#include "core/models/loop_server.hpp"

namespace polymux {
namespace {

ServerOutcome serve(Service& service, const ServerOptions& options, ServerObserver& observer) {
  auto opened = open_poller_for(options);
  if (!opened) return cannot_open(opened);
  EventLoop loop(std::move(opened.poller));
  CompletionManager manager(loop, service, options.connections);
  if (const auto error = manager.open()) {
    return failed_server(
        "the model 'proactor' cannot be used here, for want of io_uring as Linux 6.1 has it and "
        "liburing",
        error);
  }
  return LoopServer(loop, manager, options, observer).run(opened.backend);
}

}  // namespace

extern const ServerModel proactor_model;
const ServerModel proactor_model{
    .name = "proactor",
    .summary = "one loop that is told what the kernel has received and sent",
    .known_from = "Windows I/O completion ports; Schmidt's Proactor",
    .takes_backend = true,
    .serve = serve};

}  // namespace polymux
