// One loop in one thread that is told what has been done: accepted, received, sent.

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <system_error>

#include "core/models/completion_manager.hpp"
#include "core/models/loop_server.hpp"
#include "platform/async_io.hpp"

namespace polymux {
namespace {

// In the order of `Proactor`.
constexpr std::array<std::string_view, 3> variants{"uring", "aio", "simulated"};

Proactor proactor_of(std::string_view variant) {
  const auto* const found = std::ranges::find(variants, variant);
  return found != variants.end() ? static_cast<Proactor>(found - variants.begin())
                                 : Proactor::uring;
}

ServerOutcome cannot_use(Proactor proactor, std::error_code error) {
  if (proactor == Proactor::aio) {
    return failed_server(
        "--proactor aio cannot be used here: " +
            std::string(async_io::why_missing() != nullptr ? async_io::why_missing()
                                                           : "its signal cannot be watched") +
            "; --proactor simulated can",
        error);
  }
  return failed_server(
      "--proactor uring cannot be used here, for want of io_uring as Linux 6.1 has it and "
      "liburing; --proactor simulated can",
      error);
}

/// Where nobody has chosen, what everybody has takes the place of io_uring.
ServerOutcome open(CompletionManager& manager, std::string_view variant, ServerObserver& observer) {
  const auto proactor = proactor_of(variant);
  const auto error = manager.open(proactor);
  if (!error) return {};
  if (!variant.empty()) return cannot_use(proactor, error);
  if (const auto other = manager.open(Proactor::simulated)) {
    return failed_server("cannot make completions of readiness", other);
  }
  observer.on_notice("--proactor simulated, for io_uring cannot be used here: " + error.message());
  return {};
}

/// A client of AIO has a thread, so there is an end to them.
ServerOutcome limit_clients(ConnectionOptions& connections) {
  if (connections.max_connections > max_aio_connections) {
    return {.kind = ServerOutcome::Kind::wrong_usage,
            .message = "--max-connections " + std::to_string(connections.max_connections) +
                       " is more than --proactor aio can have, which holds a thread for each: at "
                       "most " +
                       std::to_string(max_aio_connections)};
  }
  if (connections.max_connections == 0) connections.max_connections = max_aio_connections;
  return {};
}

ServerOutcome serve(Service& service, const ServerOptions& options, ServerObserver& observer) {
  auto connections = options.connections;
  if (proactor_of(options.variant) == Proactor::aio) {
    auto outcome = limit_clients(connections);
    if (outcome.kind != ServerOutcome::Kind::ended) return outcome;
  }
  auto opened = open_poller_for(options);
  if (!opened) return cannot_open(opened);
  EventLoop loop(std::move(opened.poller));
  CompletionManager manager(loop, service, connections);
  auto outcome = open(manager, options.variant, observer);
  if (outcome.kind != ServerOutcome::Kind::ended) return outcome;
  return LoopServer(loop, manager, options, observer).run(opened.backend);
}

}  // namespace

extern const ServerModel proactor_model;
const ServerModel proactor_model{.name = "proactor",
                                 .summary = "one loop that is told what was received and sent",
                                 .known_from = "Windows I/O completion ports; Schmidt's Proactor",
                                 .takes_backend = true,
                                 .variants = variants,
                                 .variant_option = "proactor",
                                 .serve = serve};

}  // namespace polymux
