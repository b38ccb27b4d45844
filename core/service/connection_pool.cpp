#include "core/service/connection_pool.hpp"

#include <algorithm>
#include <memory>
#include <new>
#include <utility>

namespace polymux {
namespace {

using std::chrono::nanoseconds;
using namespace std::chrono_literals;

// One read at most: enough that the cost of the call is shared, small enough for the cache.
constexpr std::size_t scratch_size = std::size_t{64} * 1024;

Connection::Clock::time_point later(Connection::Clock::time_point start, nanoseconds by) noexcept {
  const auto room = Connection::Clock::time_point::max() - start;
  return by >= room ? Connection::Clock::time_point::max() : start + by;
}

}  // namespace

ConnectionPool::ConnectionPool(EventLoop& loop, Service& service, const ConnectionOptions& options,
                               LiveCounters& counters, std::function<void()> on_close)
    : TurnEnd(loop),
      loop_(loop),
      service_(service),
      options_(options),
      on_close_(std::move(on_close)),
      counters_(counters),
      scratch_(std::clamp<std::size_t>(options.max_buffer, 1, scratch_size)),
      sweeper_(loop, [this] { sweep(); }) {}

ConnectionPool::~ConnectionPool() {
  on_close_ = nullptr;
  close_all();
}

std::error_code ConnectionPool::admit(UniqueFd socket) noexcept {
  const auto no_memory = std::make_error_code(std::errc::not_enough_memory);
  std::unique_ptr<Connection> connection(new (std::nothrow) Connection(*this));
  if (!connection) return no_memory;
  if (const auto error = connection->open(std::move(socket))) return error;
  enter(*connection, is_draining_ ? Phase::quiet : Phase::serving);
  if (!schedule()) {
    ConnectionList::unlink(*connection);
    return no_memory;
  }
  ++counters_.accepted;
  static_cast<void>(connection.release());
  return {};
}

void ConnectionPool::close(Connection& connection) noexcept {
  ConnectionList::unlink(connection);
  delete &connection;
  --counters_.active;
  ++counters_.closed;
  if (on_close_) on_close_();
}

void ConnectionPool::close_all() noexcept {
  for (auto& list : lists_) {
    list.for_each([this](ConnectionHook& hook) { close(static_cast<Connection&>(hook)); });
  }
}

void ConnectionPool::begin_drain(nanoseconds grace) noexcept {
  is_draining_ = true;
  grace_ = grace;
  list_of(Phase::serving).for_each([this](ConnectionHook& hook) {
    auto& connection = static_cast<Connection&>(hook);
    if (!connection.has_pending()) enter(connection, Phase::quiet);
  });
  // Without a sweeper the time-out of the drain still ends it.
  static_cast<void>(schedule());
}

void ConnectionPool::touch_in_drain(Connection& connection) noexcept {
  enter(connection, connection.has_pending() ? Phase::serving : Phase::quiet);
  static_cast<void>(schedule());
}

// Those whose moment is not known are the last of theirs, and only those who are served wait for
// it.
inline void ConnectionPool::note_activity(Clock::time_point now) noexcept {
  list_of(Phase::serving).for_each_from_last([now](ConnectionHook& hook) {
    auto& connection = static_cast<Connection&>(hook);
    if (connection.last_activity != unknown) return false;
    connection.last_activity = now;
    return true;
  });
}

void ConnectionPool::enter(Connection& connection, Phase phase) noexcept {
  const auto now = Clock::now();
  note_activity(now);
  put_last(connection, phase);
  connection.last_activity = now;
}

void ConnectionPool::on_turn_end() noexcept {
  note_activity(now());
}

ConnectionPool::Clock::time_point ConnectionPool::deadline(Phase phase) noexcept {
  const auto& list = list_of(phase);
  const auto patience = phase == Phase::serving ? options_.idle_timeout
                        : phase == Phase::quiet ? grace_
                                                : shortest_grace;
  if (list.empty() || patience <= nanoseconds::zero()) return Clock::time_point::max();
  return later(static_cast<const Connection&>(list.front()).last_activity, patience);
}

void ConnectionPool::sweep() noexcept {
  const auto now = Clock::now();
  for (const auto phase : phases) {
    while (deadline(phase) <= now) expire(static_cast<Connection&>(list_of(phase).front()));
  }
  static_cast<void>(schedule());
}

void ConnectionPool::expire(Connection& connection) noexcept {
  auto outcome = Connection::Outcome::idle;
  if (connection.phase != Phase::lingering) {
    // The loop may be behind, and bytes may wait that it has not been told of.
    outcome = connection.advance();
    if (outcome == Connection::Outcome::progress) return;
  }
  const bool is_idle = outcome == Connection::Outcome::idle;
  if (connection.phase == Phase::quiet && is_idle && connection.end_sending()) {
    enter(connection, Phase::lingering);
    return;
  }
  if (connection.phase == Phase::serving && is_idle) ++counters_.idle_timeouts;
  close(connection);
}

bool ConnectionPool::schedule() noexcept {
  if (is_requested()) note_activity(Clock::now());
  auto next = Clock::time_point::max();
  for (const auto phase : phases) next = std::min(next, deadline(phase));
  const bool is_early_enough = sweeper_.is_active() && sweeper_.deadline() <= next;
  if (next == Clock::time_point::max() || is_early_enough) return true;
  try {
    sweeper_.start_at(next);
  } catch (const std::bad_alloc&) {
    return false;
  }
  return true;
}

}  // namespace polymux
