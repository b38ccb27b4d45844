// One loop in one thread, and no connections: each datagram is answered by one.

#include <array>
#include <string_view>

#include "core/models/datagram_manager.hpp"
#include "core/models/loop_server.hpp"

namespace polymux {
namespace {

ServerOutcome serve(Service& service, const ServerOptions& options, ServerObserver& observer) {
  auto opened = open_poller_for(options);
  if (!opened) return cannot_open(opened);
  EventLoop loop(std::move(opened.poller));
  DatagramManager manager(loop, service, options.connections);
  return LoopServer(loop, manager, options, observer).run(opened.backend);
}

// There is no connection that could be counted or idle.
constexpr std::array<std::string_view, 2> refused{"--max-connections", "--idle-timeout"};

}  // namespace

extern const ServerModel udp_model;
const ServerModel udp_model{.name = "udp",
                            .summary = "one loop that answers each datagram with one",
                            .known_from = "DNS servers, memcached -U; Stevens",
                            .takes_backend = true,
                            .takes_datagrams = true,
                            .refused_options = refused,
                            .serve = serve};

}  // namespace polymux
