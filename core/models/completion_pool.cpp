#include "core/models/completion_pool.hpp"

#include <algorithm>
#include <cerrno>
#include <memory>
#include <new>
#include <utility>

#include "platform/socket_io.hpp"
#include "platform/sockets.hpp"

namespace polymux {
namespace {

using std::chrono::nanoseconds;
using namespace std::chrono_literals;

// How long a client must be silent before a server that drains takes it to be done.
constexpr nanoseconds drain_grace = 100ms;

CompletionConnection::Clock::time_point later(CompletionConnection::Clock::time_point start,
                                              nanoseconds by) noexcept {
  using Clock = CompletionConnection::Clock;
  const auto room = Clock::time_point::max() - start;
  return by >= room ? Clock::time_point::max() : start + by;
}

// Cancelled, without room, or interrupted: nothing has happened to the connection.
bool is_harmless(int result) noexcept {
  return result == -ECANCELED || result == -ENOBUFS || result == -EAGAIN || result == -EINTR;
}

bool is_inside(std::span<const char> part, std::span<const char> whole) noexcept {
  const std::less_equal<const char*> not_after;
  return not_after(whole.data(), part.data()) &&
         not_after(part.data() + part.size(), whole.data() + whole.size());
}

}  // namespace

CompletionPool::CompletionPool(EventLoop& loop, Service& service, const ConnectionOptions& options,
                               Callbacks callbacks)
    : service_(service),
      options_(options),
      callbacks_(std::move(callbacks)),
      sweeper_(loop, [this] { sweep(); }) {}

CompletionPool::~CompletionPool() {
  const auto destroy = [](ConnectionHook& hook) {
    ConnectionList::unlink(hook);
    delete &static_cast<Connection&>(hook);
  };
  for (auto& list : lists_) list.for_each(destroy);
  over_.for_each(destroy);
}

bool CompletionPool::is_full() const noexcept {
  return options_.max_connections != 0 && counters_.active >= options_.max_connections;
}

void CompletionPool::admit(UniqueFd socket) noexcept {
  std::unique_ptr<Connection> connection(new (std::nothrow) Connection);
  if (!connection) {
    ++counters_.accept_errors;
    return;
  }
  connection->socket = std::move(socket);
  enter(*connection, is_draining_ ? Phase::quiet : Phase::serving);
  if (!schedule()) {
    ConnectionList::unlink(*connection);
    ++counters_.accept_errors;
    return;
  }
  ++counters_.accepted;
  ++counters_.active;
  receive(*connection.release());
}

void CompletionPool::complete(const CompletionRing::Completion& done) noexcept {
  constexpr auto request_bits = Connection::of_receive | Connection::of_send;
  auto& connection = *reinterpret_cast<Connection*>(done.tag & ~request_bits);
  if ((done.tag & request_bits) == Connection::of_send) {
    on_sent(connection, done.result);
  } else {
    on_received(connection, done);
  }
}

void CompletionPool::on_received(Connection& connection,
                                 const CompletionRing::Completion& done) noexcept {
  connection.is_receiving = false;
  const bool is_wanted = !connection.is_over && connection.phase != Phase::lingering;
  if (done.bytes.data() != nullptr && (done.result <= 0 || !is_wanted)) {
    ring_->give_back(done.bytes);
  }
  if (connection.is_over) return;
  if (done.result < 0 && !is_harmless(done.result)) return break_off(connection, -done.result);
  if (done.result == 0) connection.has_ended = true;
  if (done.result > 0 && is_wanted && !answer(connection, done.bytes)) return;
  go_on(connection);
}

bool CompletionPool::answer(Connection& connection, std::span<char> bytes) noexcept {
  counters_.bytes_in += bytes.size();
  touch(connection);
  const auto reply = service_.answer(bytes);
  // Most often nothing else is under way, and the answer goes out from where it came in.
  if (!reply.empty() && !connection.has_pending() && is_inside(reply, bytes)) {
    connection.received = bytes;
    connection.in_place = reply;
    connection.is_sending = true;
    ring_->send(connection.socket.get(), reply, CompletionRing::Patience::none,
                connection.tag(Connection::of_send));
    return true;
  }
  const bool is_kept = keep(connection.waiting, reply);
  ring_->give_back(bytes);
  if (!is_kept) close(connection);
  return is_kept;
}

bool CompletionPool::keep(std::vector<char>& kept, std::span<const char> bytes) noexcept {
  try {
    kept.insert(kept.end(), bytes.begin(), bytes.end());
  } catch (const std::bad_alloc&) {
    return false;
  }
  return true;
}

void CompletionPool::on_sent(Connection& connection, int result) noexcept {
  connection.is_sending = false;
  const auto count = static_cast<std::size_t>(std::max(result, 0));
  bool is_kept = true;
  if (connection.in_place.empty()) {
    connection.sent += count;
  } else {
    const auto rest = std::exchange(connection.in_place, {}).subspan(count);
    // Received bytes are for all clients, and this one has no room for them now.
    if (!connection.is_over && !rest.empty()) {
      is_kept = keep(connection.sending, rest);
      ++counters_.backpressure;
    }
    ring_->give_back(std::exchange(connection.received, {}));
  }
  if (connection.is_over) return;
  if (result < 0 && !is_harmless(result)) return break_off(connection, -result);
  if (!is_kept) return close(connection);
  counters_.bytes_out += count;
  if (count > 0) touch(connection);
  go_on(connection);
}

void CompletionPool::go_on(Connection& connection) noexcept {
  if (!connection.is_sending) send_kept(connection);
  // Who does not take answers is not asked for more.
  if (connection.kept() > 0) return;
  if (!connection.has_ended) {
    if (!connection.is_receiving) receive(connection);
  } else if (!connection.has_pending()) {
    close(connection);
  }
}

void CompletionPool::send_kept(Connection& connection) noexcept {
  if (connection.sent == connection.sending.size()) {
    connection.sent = 0;
    // An idle connection owns no memory.
    connection.sending = std::exchange(connection.waiting, {});
  }
  if (connection.sending.empty()) return;
  connection.is_sending = true;
  ring_->send(connection.socket.get(), std::span(connection.sending).subspan(connection.sent),
              CompletionRing::Patience::waits_for_room, connection.tag(Connection::of_send));
}

void CompletionPool::receive(Connection& connection) noexcept {
  connection.is_receiving = true;
  ring_->receive(connection.socket.get(), connection.tag(Connection::of_receive));
}

void CompletionPool::break_off(Connection& connection, int code) noexcept {
  if (classify_io_error(code) == IoStatus::reset) ++counters_.resets;
  close(connection);
}

void CompletionPool::close(Connection& connection) noexcept {
  connection.is_over = true;
  over_.push_back(connection);
  if (connection.is_receiving) ring_->cancel(connection.tag(Connection::of_receive));
  if (connection.is_sending) ring_->cancel(connection.tag(Connection::of_send));
  --counters_.active;
  ++counters_.closed;
  callbacks_.on_closed();
}

void CompletionPool::bury() noexcept {
  over_.for_each([](ConnectionHook& hook) {
    auto& connection = static_cast<Connection&>(hook);
    if (connection.is_receiving || connection.is_sending) return;
    ConnectionList::unlink(connection);
    delete &connection;
  });
}

void CompletionPool::begin_drain() noexcept {
  is_draining_ = true;
  list_of(Phase::serving).for_each([this](ConnectionHook& hook) {
    auto& connection = static_cast<Connection&>(hook);
    if (!connection.has_pending()) enter(connection, Phase::quiet);
  });
  // Without a sweeper the time-out of the drain still ends it.
  static_cast<void>(schedule());
}

void CompletionPool::close_all() noexcept {
  for (auto& list : lists_) {
    list.for_each([this](ConnectionHook& hook) { close(static_cast<Connection&>(hook)); });
  }
}

void CompletionPool::touch(Connection& connection) noexcept {
  const bool is_done = is_draining_ && !connection.has_pending();
  enter(connection, is_done ? Phase::quiet : Phase::serving);
  if (is_draining_) static_cast<void>(schedule());
}

void CompletionPool::enter(Connection& connection, Phase phase) noexcept {
  connection.phase = phase;
  connection.last_activity = Clock::now();
  list_of(phase).push_back(connection);
}

CompletionPool::Clock::time_point CompletionPool::deadline(Phase phase) noexcept {
  const auto& list = list_of(phase);
  const auto patience = phase == Phase::serving ? options_.idle_timeout : drain_grace;
  if (list.empty() || patience <= nanoseconds::zero()) return Clock::time_point::max();
  return later(static_cast<const Connection&>(list.front()).last_activity, patience);
}

void CompletionPool::sweep() noexcept {
  callbacks_.catch_up();
  const auto now = Clock::now();
  for (const auto phase : phases) {
    while (deadline(phase) <= now) expire(static_cast<Connection&>(list_of(phase).front()));
  }
  static_cast<void>(schedule());
  callbacks_.hand_over();
}

void CompletionPool::expire(Connection& connection) noexcept {
  if (connection.phase == Phase::quiet && !shut_down_writing(connection.socket.get())) {
    enter(connection, Phase::lingering);
    return;
  }
  if (connection.phase == Phase::serving) ++counters_.idle_timeouts;
  close(connection);
}

bool CompletionPool::schedule() noexcept {
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
