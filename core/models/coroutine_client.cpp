#include "core/models/coroutine_client.hpp"

#include <utility>
#include <vector>

#include "core/models/coroutine_pool.hpp"
#include "platform/sockets.hpp"

namespace polymux {
namespace {

using Clock = TimeLimit::Clock;

bool is_interrupted(std::error_code waited) noexcept {
  return waited == std::errc::operation_canceled;
}

bool is_timed_out(std::error_code waited) noexcept {
  return waited == std::errc::timed_out;
}

}  // namespace

// The whole of a client's service.
Task<> CoroutineClient::converse() {
  for (;;) {
    const auto waited = co_await awaited_.readable(pool_.patience());
    if (is_interrupted(waited)) continue;
    if (waited && !is_timed_out(waited)) {
      failure_ = waited;
      co_return;
    }
    const auto room = pool_.room();
    const auto got = receive(socket_.get(), room);
    if (got.status == IoStatus::would_block && !waited) continue;
    if (got.status == IoStatus::would_block) break;
    if (!is_well(got.status)) co_return;
    pool_.counters().bytes_in += got.count;

    auto answer = pool_.service().answer(room.first(got.count));
    if (!send_now(answer)) co_return;
    if (answer.empty()) continue;
    const bool is_taken = co_await send_later(answer);
    if (!is_taken) co_return;
  }
  co_await take_leave();
}

// Nothing is received meanwhile: who does not take answers is not asked for more.
Task<bool> CoroutineClient::send_later(std::span<const char> answer) {
  ++pool_.counters().backpressure;
  // A copy, for the memory that was received into is for all.
  const std::vector<char> kept(answer.begin(), answer.end());
  for (answer = kept; !answer.empty();) {
    const auto waited = co_await awaited_.writable(pool_.idle_limit());
    if (is_interrupted(waited)) continue;
    if (is_timed_out(waited)) ++pool_.counters().idle_timeouts;
    if (waited || !send_now(answer)) co_return false;
  }
  co_return true;
}

// Of a silent client. If the server drains, it is told that no more will come, and what it still
// sends is thrown away, for to close a socket with bytes unread would be a reset.
Task<> CoroutineClient::take_leave() {
  if (!pool_.is_draining()) {
    ++pool_.counters().idle_timeouts;
    co_return;
  }
  if (shut_down_writing(socket_.get())) co_return;
  const auto end = Clock::now() + CoroutinePool::drain_grace;
  while (Clock::now() < end) {
    const auto waited = co_await awaited_.readable(end);
    if (waited && !is_interrupted(waited)) co_return;
    const auto status = receive(socket_.get(), pool_.room()).status;
    if (status != IoStatus::would_block && !is_well(status)) co_return;
  }
}

CoroutineClient::CoroutineClient(CoroutinePool& pool, UniqueFd socket) noexcept
    : pool_(pool), socket_(std::move(socket)), awaited_(pool.loop(), socket_.get()) {}

std::error_code CoroutineClient::begin() {
  if (const auto error = prepare_to_send(socket_.get())) return error;
  task_ = spawn(pool_.loop(), converse());
  if (task_.is_done()) return failure_;
  task_.when_done([this] { pool_.close(*this); });
  return {};
}

bool CoroutineClient::send_now(std::span<const char>& answer) noexcept {
  if (answer.empty()) return true;
  const auto sent = send(socket_.get(), answer);
  if (sent.status != IoStatus::would_block && !is_well(sent.status)) return false;
  pool_.counters().bytes_out += sent.count;
  answer = answer.subspan(sent.count);
  return true;
}

bool CoroutineClient::is_well(IoStatus status) noexcept {
  if (status == IoStatus::reset) ++pool_.counters().resets;
  return status == IoStatus::done;
}

}  // namespace polymux
