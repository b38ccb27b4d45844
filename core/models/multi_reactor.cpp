// Loops in threads, each with clients of its own, which nobody else touches.

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>
#include <thread>

#include "core/models/loop_server.hpp"
#include "core/models/loop_team.hpp"

namespace polymux {
namespace {

// In the order of `Balance`.
constexpr std::array<std::string_view, 3> variants{"least", "round-robin", "reuseport"};

Balance balance_of(std::string_view variant) {
  const auto* const found = std::ranges::find(variants, variant);
  return found != variants.end() ? static_cast<Balance>(found - variants.begin()) : Balance::least;
}

ServerOutcome serve(Service& service, const ServerOptions& options, ServerObserver& observer) {
  const auto balance = balance_of(options.variant);
  if (balance == Balance::reuseport && !can_balance_ports()) {
    return {.kind = ServerOutcome::Kind::wrong_usage,
            .message =
                "--balance reuseport cannot be used here: this system does not spread clients "
                "over sockets of one port, as Linux, FreeBSD and DragonFly do; use --balance "
                "least or round-robin"};
  }
  auto opened = open_poller_for(options);
  if (!opened) return cannot_open(opened);
  EventLoop loop(std::move(opened.poller));
  const std::size_t threads =
      options.workers != 0 ? options.workers : std::max(1U, std::thread::hardware_concurrency());
  LoopTeam team(loop, service, options, threads, balance);
  auto outcome = team.start();
  if (outcome.kind != ServerOutcome::Kind::ended) return outcome;
  outcome = LoopServer(loop, team, options, observer).run(opened.backend);
  return outcome.kind == ServerOutcome::Kind::ended ? team.outcome() : outcome;
}

}  // namespace

extern const ServerModel multi_reactor_model;
const ServerModel multi_reactor_model{
    .name = "multi-reactor",
    .summary = "an acceptor that hands clients to loops in threads",
    .known_from = "memcached, Netty, muduo",
    .takes_backend = true,
    .workers = Workers::threads,
    .variants = variants,
    .variant_option = "balance",
    .serve = serve};

}  // namespace polymux
