// A thread a connection: each blocks on its own client, and the system decides who runs.

#include <utility>

#include "core/models/blocking_server.hpp"
#include "core/models/server_frame.hpp"
#include "core/models/server_outcome.hpp"
#include "core/models/thread_group.hpp"

namespace polymux {
namespace {

class ThreadServer {
 public:
  ThreadServer(Service& service, ServerFrame& frame) noexcept : service_(service), frame_(frame) {}

  void run() noexcept {
    UniqueFd client;
    while (frame_.reception.next(client) == Reception::Arrival::client) take(std::move(client));
    frame_.reception.take_last([this](UniqueFd last) { take(std::move(last)); });
    threads_.join();
  }

 private:
  void take(UniqueFd client) noexcept {
    auto& counters = frame_.counters;
    const auto error = threads_.start(
        [this, socket = std::move(client)]() mutable noexcept { serve(std::move(socket)); });
    if (!error) return;
    // No more threads are to be had: the client is closed.
    ServerCounters::add(counters.accept_errors);
    counters.leave();
  }

  void serve(UniqueFd socket) noexcept {
    try {
      BlockingServer server(frame_.options.connections, frame_.ending);
      ClientSession session(std::move(socket), service_, frame_.options.connections,
                            frame_.counters);
      server.serve(session);
    } catch (const std::bad_alloc&) {
      ServerCounters::add(frame_.counters.accept_errors);
    }
    frame_.counters.leave();
  }

  Service& service_;
  ServerFrame& frame_;
  ThreadGroup threads_;
};

ServerOutcome serve(Service& service, const ServerOptions& options, ServerObserver& observer) {
  ServerCounters counters;
  ServerFrame frame(options, observer, counters);
  if (const auto outcome = frame.open()) return *outcome;
  ControlThread control(frame.control);
  if (const auto error = control.start()) return failed_server("cannot start a thread", error);
  ThreadServer(service, frame).run();
  return {};
}

}  // namespace

extern const ServerModel thread_model;
const ServerModel thread_model{.name = "thread",
                               .summary = "a thread for each client, which blocks",
                               .known_from = "MySQL, Java before NIO; Stevens",
                               .serve = serve};

}  // namespace polymux
