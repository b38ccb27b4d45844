// One thread that asks each socket in turn, again and again, whether there is something to do: what
// multiplexing replaces. It yields when there was nothing, and never sleeps.

#include <algorithm>
#include <atomic>
#include <memory>
#include <new>
#include <span>
#include <thread>
#include <utility>
#include <vector>

#include "core/models/blocking_server.hpp"
#include "core/models/client_session.hpp"
#include "core/models/server_frame.hpp"
#include "core/models/server_outcome.hpp"

namespace polymux {
namespace {

/// A client, and what it has not taken: the room that is read to is that of all.
class ScannedClient {
 public:
  using Outcome = ClientSession::Outcome;

  ScannedClient(UniqueFd socket, Service& service, ServerFrame& frame) noexcept
      : session_(std::move(socket), service, frame.options.connections, frame.counters) {}

  void begin_drain() noexcept { session_.begin_drain(); }

  [[nodiscard]] Outcome look(std::span<char> room, ClientSession::Clock::time_point now) noexcept {
    const auto outcome = session_.advance(room);
    if (outcome == Outcome::idle && now >= session_.deadline()) return session_.expire();
    if (outcome != Outcome::progress) return outcome;
    if (!session_.has_pending()) kept_.reset();
    return session_.has_pending() && !kept_ && !keep() ? Outcome::over : outcome;
  }

 private:
  [[nodiscard]] bool keep() noexcept {
    const auto rest = session_.pending();
    kept_.reset(new (std::nothrow) char[rest.size()]);
    if (!kept_) return false;
    std::ranges::copy(rest, kept_.get());
    session_.move_pending(kept_.get());
    return true;
  }

  ClientSession session_;
  std::unique_ptr<char[]> kept_;
};

class ScanningServer {
 public:
  ScanningServer(Service& service, ServerFrame& frame)
      : service_(service), frame_(frame), room_(frame.options.connections) {}

  /// Of the thread that has the signals.
  void on_event(ServerControl::Event event) noexcept {
    if (event == ServerControl::Event::drain) is_to_drain_ = true;
    if (event == ServerControl::Event::stop) is_to_stop_ = true;
  }

  void run() noexcept {
    while (!is_to_stop_ && !(is_draining_ && clients_.empty())) {
      if (is_to_drain_ && !is_draining_) drain();
      const bool has_come = !is_draining_ && accept_some();
      if (!scan() && !has_come) std::this_thread::yield();
    }
    for (auto count = clients_.size(); count > 0; --count) frame_.counters.leave();
    clients_.clear();
  }

 private:
  using Clock = ClientSession::Clock;

  [[nodiscard]] bool accept_some() noexcept {
    UniqueFd client;
    bool has_come = false;
    for (int count = 0; count < accepted_at_once && frame_.reception.look_for(client); ++count) {
      add(std::move(client));
      has_come = true;
    }
    return has_come;
  }

  void add(UniqueFd socket) noexcept {
    try {
      clients_.push_back(std::make_unique<ScannedClient>(std::move(socket), service_, frame_));
    } catch (const std::bad_alloc&) {
      ServerCounters::add(frame_.counters.accept_errors);
      frame_.counters.leave();
    }
  }

  void drain() noexcept {
    is_draining_ = true;
    frame_.reception.take_last([this](UniqueFd client) { add(std::move(client)); });
    for (auto& client : clients_) client->begin_drain();
  }

  /// Looks at each of them. True if anything has moved.
  [[nodiscard]] bool scan() noexcept {
    using Outcome = ClientSession::Outcome;
    const auto now = Clock::now();
    bool has_moved = false;
    const auto is_over = [&](const std::unique_ptr<ScannedClient>& client) {
      const auto outcome = client->look(room_.get(), now);
      has_moved |= outcome != Outcome::idle;
      return outcome == Outcome::over;
    };
    const auto gone = std::erase_if(clients_, is_over);
    for (auto count = gone; count > 0; --count) frame_.counters.leave();
    return has_moved;
  }

  static constexpr int accepted_at_once = 64;

  Service& service_;
  ServerFrame& frame_;
  ReadRoom room_;
  std::vector<std::unique_ptr<ScannedClient>> clients_;
  bool is_draining_ = false;
  std::atomic<bool> is_to_drain_{false};
  std::atomic<bool> is_to_stop_{false};
};

ServerOutcome serve(Service& service, const ServerOptions& options, ServerObserver& observer) {
  ServerCounters counters;
  ServerFrame frame(options, observer, counters);
  if (const auto outcome = frame.open()) return *outcome;
  ScanningServer server(service, frame);
  ControlThread control(frame.control,
                        [&server](ServerControl::Event event) { server.on_event(event); });
  if (const auto error = control.start()) return failed_server("cannot start a thread", error);
  server.run();
  return {};
}

}  // namespace

extern const ServerModel busy_poll_model;
const ServerModel busy_poll_model{.name = "busy-poll",
                                  .summary = "asks each socket in turn, and never sleeps",
                                  .known_from = "game loops, DPDK; Stevens' nonblocking I/O",
                                  .serve = serve};

}  // namespace polymux
