#include "core/models/prefork_worker.hpp"

#include <array>
#include <span>
#include <string>
#include <utility>

#include <polymux/loop/watcher.hpp>

#include "core/models/loop_server.hpp"
#include "core/service/connection_pool.hpp"
#include "core/service/pool_manager.hpp"
#include "platform/socket_io.hpp"

namespace polymux {
namespace {

class Worker {
 public:
  Worker(EventLoop& loop, Service& service, const ServerOptions& options, CounterTable table,
         const UniqueFd& master)
      : loop_(loop),
        master_(master),
        manager_(loop, service, options.connections, table),
        commands_(loop, [this](Ready) { take_commands(); }) {}

  [[nodiscard]] ServerOutcome run(std::span<const int> listeners) {
    for (const int listener : listeners) {
      const auto result = manager_.listen_on(listener);
      if (!result) return cannot_listen(result);
    }
    if (const auto error = commands_.start(master_.get(), Interest::read)) {
      return failed_server("cannot watch the master", error);
    }
    static_cast<void>(send(master_.get(), worker_protocol::ready));
    if (const auto error = loop_.run()) return failed_server("the event loop has failed", error);
    return {};
  }

 private:
  void take_commands() {
    std::array<char, 16> room{};
    const auto got = receive(master_.get(), room);
    if (got.status == IoStatus::would_block) return;
    if (got.status != IoStatus::done) {
      // Nobody is left who could say more.
      commands_.stop();
      return drain();
    }
    for (const char command : std::span(room).first(got.count)) {
      if (command == worker_protocol::retire) {
        manager_.retire([this] { loop_.stop(); });
      } else {
        drain();
      }
      if (command == worker_protocol::close) manager_.close_all();
    }
  }

  void drain() {
    if (std::exchange(is_draining_, true)) return;
    manager_.drain([this] { loop_.stop(); });
  }

  EventLoop& loop_;
  const UniqueFd& master_;
  PoolManager<ConnectionPool> manager_;
  CallbackWatcher commands_;
  bool is_draining_ = false;
};

}  // namespace

ServerOutcome run_prefork_worker(Service& service, const ServerOptions& options, CounterTable table,
                                 std::span<const int> listeners, UniqueFd master,
                                 LoopMeasures* measures) {
  ServerOutcome outcome;
  auto opened = open_poller_for(options, measures);
  if (opened) {
    EventLoop loop(std::move(opened.poller));
    outcome = Worker(loop, service, options, table, master).run(listeners);
  } else {
    outcome = cannot_open(opened);
  }
  // The master says it, once.
  if (!outcome.message.empty()) {
    static_cast<void>(send(master.get(), std::exchange(outcome.message, {})));
  }
  return outcome;
}

}  // namespace polymux
