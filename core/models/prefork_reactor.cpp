// A master that watches over processes, each with a loop and clients of its own.

#include <algorithm>
#include <array>
#include <csignal>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/models/loop_server.hpp"
#include "core/models/prefork_worker.hpp"
#include "core/models/supervisor.hpp"
#include "core/service/open_listeners.hpp"
#include "platform/shared_memory.hpp"

namespace polymux {
namespace {

// The master's to judge, not the worker's, who may be told at the same time.
constexpr std::array not_for_workers{SIGTERM, SIGINT, SIGHUP, SIGUSR1};

class Prefork {
 public:
  Prefork(Service& service, const ServerOptions& options, ServerObserver& observer)
      : service_(service), options_(options), observer_(observer) {}

  [[nodiscard]] ServerOutcome run() {
    auto opened = open_poller_for(options_);
    if (!opened) return cannot_open(opened);
    backend_ = opened.backend;
    for (const auto& address : options_.addresses) {
      auto result = open_listeners(address, listeners_);
      if (!result) return cannot_listen(result);
      for (auto& one : result.addresses) bound_.push_back(std::move(one));
    }
    const std::size_t workers = options_.workers != 0
                                    ? options_.workers
                                    : std::max(1U, std::thread::hardware_concurrency());
    row_count_ = workers * Supervisor::generations;
    if (const auto error = table_.open(row_count_)) {
      return failed_server("cannot have memory in common with workers", error);
    }
    if (!options_.metrics.empty()) {
      if (const auto error = measures_.open(row_count_)) {
        return failed_server("cannot have memory in common with workers", error);
      }
    }
    std::optional<WorkerSeed> seed;
    auto outcome = supervise(std::move(opened.poller), seed);
    return seed ? become_worker(std::move(*seed)) : std::move(outcome);
  }

 private:
  [[nodiscard]] std::span<LiveCounters> rows() const noexcept { return {&table_[0], row_count_}; }

  [[nodiscard]] std::span<LoopMeasures> measures() const noexcept {
    if (options_.metrics.empty()) return {};
    return {&measures_[0], row_count_};
  }

  // When it returns in a worker, all that is the master's is gone.
  [[nodiscard]] ServerOutcome supervise(std::unique_ptr<Poller> poller,
                                        std::optional<WorkerSeed>& seed) {
    EventLoop loop(std::move(poller));
    Supervisor supervisor(loop, options_, rows(), measures(), observer_,
                          {.on_ready = [this] { return observer_.on_listening(bound_, backend_); },
                           .on_end = [this] { stop_listening(); }});
    return supervisor.run(seed);
  }

  void stop_listening() {
    // Files first: a new client finds no server, rather than one that ends.
    for (auto& listener : listeners_) listener.file.remove();
    listeners_.clear();
  }

  [[nodiscard]] ServerOutcome become_worker(WorkerSeed seed) {
    ignore_signals(not_for_workers);
    seed.held_back.reset();
    std::vector<int> sockets;
    for (auto& listener : listeners_) {
      listener.file.disown();
      sockets.push_back(listener.socket.release());
    }
    auto* const measures_here = options_.metrics.empty() ? nullptr : &measures_[seed.row];
    return run_prefork_worker(service_, options_, CounterTable(rows(), seed.row, true), sockets,
                              std::move(seed.master), measures_here);
  }

  Service& service_;
  const ServerOptions& options_;
  ServerObserver& observer_;
  std::string backend_;
  std::vector<Listener> listeners_;
  std::vector<std::string> bound_;
  SharedArray<LiveCounters> table_;
  SharedArray<LoopMeasures> measures_;
  std::size_t row_count_ = 0;
};

ServerOutcome serve(Service& service, const ServerOptions& options, ServerObserver& observer) {
  return Prefork(service, options, observer).run();
}

}  // namespace

extern const ServerModel prefork_reactor_model;
const ServerModel prefork_reactor_model{
    .name = "prefork-reactor",
    .summary = "a master that watches over processes with a loop each",
    .known_from = "nginx, HAProxy with nbproc, Apache's event MPM",
    .takes_backend = true,
    .workers = Workers::processes,
    .serve = serve};

}  // namespace polymux
