#include "core/models/client_session.hpp"

#include <utility>

#include "core/models/later.hpp"
#include "platform/sockets.hpp"

namespace polymux {
namespace {

using std::chrono::nanoseconds;
using namespace std::chrono_literals;

// A turn of one client, lest it starves the others, or the end: so many reads of the whole room.
constexpr int reads_per_turn = 4;

// How long a client must be silent before a server that drains takes it to be done.
constexpr nanoseconds drain_grace = 100ms;

}  // namespace

ClientSession::ClientSession(UniqueFd socket, Service& service, const ConnectionOptions& options,
                             ServerCounters& counters) noexcept
    : socket_(std::move(socket)), service_(service), options_(options), counters_(counters) {}

void ClientSession::enter(Phase phase) noexcept {
  phase_ = phase;
  last_activity_ = Clock::now();
}

void ClientSession::touch() noexcept {
  enter(is_draining_ && !has_pending() ? Phase::quiet : Phase::serving);
}

ClientSession::Clock::time_point ClientSession::deadline() const noexcept {
  const auto patience = phase_ == Phase::serving ? options_.idle_timeout : drain_grace;
  return patience <= nanoseconds::zero() ? Clock::time_point::max()
                                         : later(last_activity_, patience);
}

void ClientSession::begin_drain() noexcept {
  is_draining_ = true;
  if (!has_pending()) enter(Phase::quiet);
}

ClientSession::Outcome ClientSession::advance(std::span<char> room) noexcept {
  if (phase_ == Phase::lingering) return discard(room);
  const auto outcome = has_pending() ? flush() : serve(room);
  if (outcome == Outcome::progress) touch();
  return outcome;
}

ClientSession::Outcome ClientSession::expire() noexcept {
  if (phase_ == Phase::quiet && !shut_down_writing(fd())) {
    enter(Phase::lingering);
    return Outcome::idle;
  }
  if (phase_ == Phase::serving) ServerCounters::add(counters_.idle_timeouts);
  return Outcome::over;
}

ClientSession::Outcome ClientSession::serve(std::span<char> room) noexcept {
  auto outcome = Outcome::idle;
  for (int reads = 0; reads < reads_per_turn; ++reads) {
    const auto got = receive(fd(), room);
    if (got.status != IoStatus::done) return judge(got.status, outcome);
    if (!answer(room.first(got.count))) return Outcome::over;
    outcome = Outcome::progress;
    // A short read has emptied the socket; if not, the next wait says so.
    if (has_pending() || got.count < room.size()) break;
  }
  return outcome;
}

bool ClientSession::answer(std::span<char> bytes) noexcept {
  ServerCounters::add(counters_.bytes_in, bytes.size());
  const auto reply = service_.answer(bytes);
  if (reply.empty()) return true;
  const auto sent = send(fd(), reply);
  if (sent.status != IoStatus::done && judge(sent.status, Outcome::idle) == Outcome::over) {
    return false;
  }
  ServerCounters::add(counters_.bytes_out, sent.count);
  pending_ = reply.subspan(sent.count);
  if (has_pending()) ServerCounters::add(counters_.backpressure);
  return true;
}

ClientSession::Outcome ClientSession::flush() noexcept {
  const auto sent = send(fd(), pending_);
  if (sent.status != IoStatus::done) return judge(sent.status, Outcome::idle);
  ServerCounters::add(counters_.bytes_out, sent.count);
  pending_ = pending_.subspan(sent.count);
  return Outcome::progress;
}

ClientSession::Outcome ClientSession::discard(std::span<char> room) noexcept {
  for (int reads = 0; reads < reads_per_turn; ++reads) {
    const auto got = receive(fd(), room);
    if (got.status != IoStatus::done) return judge(got.status, Outcome::idle);
    if (got.count < room.size()) break;
  }
  return Outcome::idle;
}

ClientSession::Outcome ClientSession::judge(IoStatus status, Outcome if_blocked) noexcept {
  if (status == IoStatus::would_block) return if_blocked;
  if (status == IoStatus::reset) ServerCounters::add(counters_.resets);
  return Outcome::over;
}

}  // namespace polymux
