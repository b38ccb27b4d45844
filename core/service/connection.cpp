#include "core/service/connection.hpp"

#include <algorithm>
#include <new>
#include <utility>

#include "core/service/connection_pool.hpp"
#include "platform/sockets.hpp"

namespace polymux {
namespace {

// A turn of one client, lest it starves the others: so many reads of the whole scratch buffer.
constexpr int reads_per_turn = 4;

/// Null for want of memory.
std::unique_ptr<Piece> copy_of(std::span<const char> bytes) noexcept {
  std::unique_ptr<Piece> piece(new (std::nothrow) Piece);
  if (!piece) return nullptr;
  piece->bytes.reset(new (std::nothrow) char[bytes.size()]);
  if (!piece->bytes) return nullptr;
  std::ranges::copy(bytes, piece->bytes.get());
  piece->size = bytes.size();
  return piece;
}

}  // namespace

Connection::Connection(ConnectionPool& pool) noexcept : Watcher(pool.loop()), pool_(&pool) {}

Connection::~Connection() {
  if (pending_ && pending_->is_out) pending_.release()->connection = nullptr;
  const UniqueFd socket(fd());
  stop();
}

std::error_code Connection::open(UniqueFd socket) noexcept {
  if (const auto error = prepare_to_send(socket.get())) return error;
  if (const auto error = start(socket.get(), Interest::read)) return error;
  static_cast<void>(socket.release());
  return {};
}

bool Connection::end_sending() noexcept {
  return !shut_down_writing(fd());
}

void Connection::on_ready(Ready ready) {
  // Reading and writing tell more than the readiness does; but of what was found closed no more
  // will be told.
  if (ready == Ready::invalid || advance_at_once() == Outcome::over) pool_->close(*this);
}

Connection::Outcome Connection::advance() noexcept {
  return advance_at_once();
}

[[gnu::always_inline]] inline Connection::Outcome Connection::advance_at_once() noexcept {
  if (phase == Phase::lingering) return discard();
  const auto outcome = pending_ ? flush() : serve();
  if (outcome == Outcome::progress) pool_->touch(*this);
  return outcome;
}

// With the two around it one function: the way of every request.
[[gnu::always_inline]] inline Connection::Outcome Connection::serve() noexcept {
  auto outcome = Outcome::idle;
  for (int reads = 0; reads < reads_per_turn; ++reads) {
    const auto room = pool_->room();
    const auto got = receive(fd(), room);
    if (got.status != IoStatus::done) return judge(got.status, outcome);
    if (!answer(room.first(got.count))) return Outcome::over;
    outcome = Outcome::progress;
    // A short read has emptied the socket; if not, the next wait says so.
    if (pending_ || got.count < room.size()) break;
  }
  return outcome;
}

[[gnu::always_inline]] inline bool Connection::answer(std::span<char> bytes) noexcept {
  pool_->counters().bytes_in += bytes.size();
  if (auto* const other = pool_->elsewhere()) return hand_out(bytes, *other);
  const auto reply = pool_->service().answer(bytes);
  if (reply.empty()) return true;
  const auto sent = send(fd(), reply);
  if (sent.status != IoStatus::done && judge(sent.status, Outcome::idle) == Outcome::over) {
    return false;
  }
  pool_->counters().bytes_out += sent.count;
  return sent.count == reply.size() || keep(reply.subspan(sent.count));
}

bool Connection::hand_out(std::span<const char> bytes, AnswersLater& other) noexcept {
  pending_ = copy_of(bytes);
  if (!pending_) return false;
  pending_->is_out = true;
  pending_->connection = this;
  // It is watched on for reading: who asks and waits for the answer sends nothing meanwhile, and
  // costs no change of interest.
  other.hand_out(*pending_);
  return true;
}

void Connection::take_back(Piece& piece) noexcept {
  if (piece.connection != nullptr) {
    piece.connection->on_answered();
  } else {
    delete &piece;
  }
}

void Connection::on_answered() noexcept {
  pending_->is_out = false;
  auto outcome = pending_->bytes ? flush() : Outcome::over;
  if (outcome != Outcome::over && pending_) {
    // Writing alone, as in `keep`.
    if (set_interest(Interest::write)) outcome = Outcome::over;
    ++pool_->counters().backpressure;
  }
  if (outcome == Outcome::over) return pool_->close(*this);
  pool_->touch(*this);
}

bool Connection::keep(std::span<const char> rest) noexcept {
  auto pending = copy_of(rest);
  // Writing alone: who does not take answers is not asked for more.
  if (!pending || set_interest(Interest::write)) return false;
  pending_ = std::move(pending);
  ++pool_->counters().backpressure;
  return true;
}

Connection::Outcome Connection::flush() noexcept {
  if (pending_->is_out) {
    // What comes meanwhile waits where it is. To work on it is no idleness of the client's.
    return set_interest(Interest::none) ? Outcome::over : Outcome::progress;
  }
  if (pending_->sent < pending_->size) {
    const std::span<const char> all(pending_->bytes.get(), pending_->size);
    const auto sent = send(fd(), all.subspan(pending_->sent));
    if (sent.status != IoStatus::done) return judge(sent.status, Outcome::idle);
    pool_->counters().bytes_out += sent.count;
    pending_->sent += sent.count;
  }
  if (pending_->sent == pending_->size) {
    if (set_interest(Interest::read)) return Outcome::over;
    pending_.reset();
  }
  return Outcome::progress;
}

Connection::Outcome Connection::discard() noexcept {
  for (int reads = 0; reads < reads_per_turn; ++reads) {
    const auto room = pool_->room();
    const auto got = receive(fd(), room);
    if (got.status != IoStatus::done) return judge(got.status, Outcome::idle);
    if (got.count < room.size()) break;
  }
  return Outcome::idle;
}

Connection::Outcome Connection::judge(IoStatus status, Outcome if_blocked) noexcept {
  if (status == IoStatus::would_block) return if_blocked;
  if (status == IoStatus::reset) ++pool_->counters().resets;
  return Outcome::over;
}

}  // namespace polymux
