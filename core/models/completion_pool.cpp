#include "core/models/completion_pool.hpp"

#include <algorithm>
#include <cerrno>
#include <functional>
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

// A client that does not take its answers costs at most so much.
constexpr std::size_t most_unsent = std::size_t{64} * 1024;

// More would find no memory of the ring.
constexpr int receives_at_once = 256;

// Cancelled, without memory of the ring, or interrupted: nothing has happened to the connection.
bool is_harmless(int result) noexcept {
  return result == -ECANCELED || result == -ENOBUFS || result == -EAGAIN || result == -EINTR;
}

bool is_inside(std::span<const char> part, std::span<const char> whole) noexcept {
  const std::less_equal<> not_after;
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
  connection->has_bytes_to_come = is_draining_ && has_bytes(connection->socket.get());
  tell_time();
  enter(*connection, is_draining_ ? Phase::quiet : Phase::serving);
  if (!schedule()) {
    ConnectionList::unlink(*connection);
    ++counters_.accept_errors;
    return;
  }
  ++counters_.accepted;
  ++counters_.active;
  hungry_.push(*connection.release());
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
  if (!done.has_more) connection.is_receiving = false;
  const bool is_wanted = !connection.is_over && connection.phase != Phase::lingering;
  if (done.bytes.data() != nullptr && (done.result <= 0 || !is_wanted)) {
    ring_->give_back(done.bytes);
  }
  if (connection.is_over) return;
  if (done.result < 0 && !is_harmless(done.result)) return break_off(connection, -done.result);
  if (done.result == 0) connection.has_ended = true;
  connection.has_bytes_to_come = false;
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
    send(connection, reply);
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
  const bool has_failed = result < 0 && !is_harmless(result);
  counters_.bytes_out += count;
  bool is_kept = true;
  if (connection.in_place.empty()) {
    connection.sent += count;
  } else {
    // Received bytes are for all clients, and this one has no room for them now.
    const auto rest = std::exchange(connection.in_place, {}).subspan(count);
    if (!connection.is_over && !has_failed) is_kept = keep(connection.sending, rest);
    ring_->give_back(std::exchange(connection.received, {}));
  }
  if (connection.is_over) return;
  if (has_failed) return break_off(connection, -result);
  if (!is_kept) return close(connection);
  if (count > 0) touch(connection);
  if (connection.sent < connection.sending.size() && !std::exchange(connection.is_stuck, true)) {
    ++counters_.backpressure;
  }
  go_on(connection);
}

void CompletionPool::go_on(Connection& connection) noexcept {
  if (!connection.is_sending && connection.has_kept()) send_kept(connection);
  // Who does not take answers is not asked for more.
  if (connection.has_pending()) return;
  connection.is_stuck = false;
  if (connection.has_ended) return close(connection);
  if (!connection.is_receiving) hungry_.push(connection);
}

void CompletionPool::send_kept(Connection& connection) noexcept {
  if (connection.sent == connection.sending.size()) {
    connection.sent = 0;
    // An idle connection owns no memory.
    connection.sending = std::exchange(connection.waiting, {});
  }
  if (connection.sending.empty()) return;
  send(connection, std::span(connection.sending).subspan(connection.sent));
}

void CompletionPool::send(Connection& connection, std::span<const char> bytes) noexcept {
  using Patience = CompletionRing::Patience;
  connection.is_sending = true;
  ring_->send(connection.socket.get(), bytes,
              connection.is_stuck ? Patience::waits_for_room : Patience::none,
              connection.tag(Connection::of_send));
}

void CompletionPool::ask() noexcept {
  for (int count = 0; count < receives_at_once && is_asking() && ring_->has_room(); ++count) {
    auto& connection = hungry_.pop();
    if (connection.is_over) continue;
    connection.is_receiving = true;
    // Asked when nothing is unsent: so much may come meanwhile that a client does not take.
    ring_->receive(connection.socket.get(),
                   std::clamp<std::size_t>(options_.max_buffer, 1, most_unsent),
                   connection.tag(Connection::of_receive));
  }
}

void CompletionPool::break_off(Connection& connection, int code) noexcept {
  if (classify_io_error(code) == IoStatus::reset) ++counters_.resets;
  close(connection);
}

void CompletionPool::close(Connection& connection) noexcept {
  connection.is_over = true;
  over_.push_back(connection);
  // This ends the requests that are under way, always; to cancel them may come at a moment when
  // they cannot be found.
  if (connection.is_receiving || connection.is_sending) shut_down(connection.socket.get());
  --counters_.active;
  ++counters_.closed;
  callbacks_.on_closed();
}

bool CompletionPool::bury() noexcept {
  bool has_freed = false;
  over_.for_each([&](ConnectionHook& hook) {
    auto& connection = static_cast<Connection&>(hook);
    if (connection.is_in_use()) return;
    ring_->forget(connection.socket.get());
    ConnectionList::unlink(connection);
    delete &connection;
    has_freed = true;
  });
  return has_freed;
}

void CompletionPool::begin_drain() noexcept {
  is_draining_ = true;
  tell_time();
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
  connection.last_activity = now_;
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
  tell_time();
  for (const auto phase : phases) {
    while (deadline(phase) <= now_) expire(static_cast<Connection&>(list_of(phase).front()));
  }
  static_cast<void>(schedule());
  callbacks_.hand_over();
}

void CompletionPool::expire(Connection& connection) noexcept {
  // Who completes may be late: nobody is silent whose bytes wait, or have waited and did not come.
  if (connection.phase == Phase::quiet && has_bytes(connection.socket.get())) {
    connection.has_bytes_to_come = true;
  }
  if (connection.phase == Phase::quiet && connection.has_bytes_to_come) {
    return enter(connection, Phase::quiet);
  }
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
