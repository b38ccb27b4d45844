// One loop in one thread that is told what has been done: accepted, received, sent.

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <system_error>

#include "core/models/completion_manager.hpp"
#include "core/models/loop_server.hpp"

namespace polymux {
namespace {

// In the order of `Proactor`.
constexpr std::array variants{"uring", "simulated"};

Proactor proactor_of(std::string_view variant) {
  const auto* const found = std::ranges::find(variants, variant);
  return found != variants.end() ? static_cast<Proactor>(found - variants.begin())
                                 : Proactor::uring;
}

ServerOutcome cannot_use_uring(std::error_code error) {
  return failed_server(
      "--proactor uring cannot be used here, for want of io_uring as Linux 6.1 has it and "
      "liburing; --proactor simulated can",
      error);
}

/// Where nobody has chosen, what everybody has takes the place of io_uring.
ServerOutcome open(CompletionManager& manager, std::string_view variant, ServerObserver& observer) {
  const auto error = manager.open(proactor_of(variant));
  if (!error) return {};
  if (!variant.empty()) return cannot_use_uring(error);
  if (const auto other = manager.open(Proactor::simulated)) {
    return failed_server("cannot make completions of readiness", other);
  }
  observer.on_notice("--proactor simulated, for io_uring cannot be used here: " + error.message());
  return {};
}

ServerOutcome serve(Service& service, const ServerOptions& options, ServerObserver& observer) {
  auto opened = open_poller_for(options);
  if (!opened) return cannot_open(opened);
  EventLoop loop(std::move(opened.poller));
  CompletionManager manager(loop, service, options.connections);
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
