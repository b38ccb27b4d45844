#include "core/models/datagram_port.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace polymux {
namespace {

using namespace std::chrono_literals;

// So many calls that receive in a turn, lest one address starves the others.
constexpr int batches_per_turn = 4;

// In one turn: each reads away the error of an earlier datagram.
constexpr int most_failures = 16;

constexpr auto pause_before_retry = 100ms;

}  // namespace

DatagramPort::DatagramPort(EventLoop& loop, DatagramWork& work, DatagramSocket socket,
                           std::size_t longest)
    : Watcher(loop),
      work_(work),
      socket_(std::move(socket)),
      // Not written to before it is needed: most of it never becomes memory.
      memory_(new char[longest * most_datagrams_at_once]),
      slots_(most_datagrams_at_once),
      retry_(loop, [this] {
        if (open()) rest();
      }) {
  auto* room = memory_.get();
  for (auto& slot : slots_) slot.room = {std::exchange(room, room + longest), longest};
}

DatagramPort::~DatagramPort() {
  stop();
}

std::error_code DatagramPort::open() noexcept {
  return start(socket_.socket.get(), has_pending() ? Interest::write : Interest::read);
}

void DatagramPort::drain() noexcept {
  is_draining_ = true;
  if (!is_done_) serve();
}

void DatagramPort::close() noexcept {
  retry_.stop();
  stop();
  socket_.socket.reset();
  is_done_ = true;
}

void DatagramPort::on_ready(Ready ready) {
  // Said to be closed, and silent from now on.
  if (ready == Ready::invalid) return rest();
  serve();
}

void DatagramPort::serve() noexcept {
  for (int batches = 0; batches < batches_per_turn; ++batches) {
    if (!flush()) return wait_for(Interest::write);
    if (!serve_batch()) return;
  }
  if (flush()) {
    wait_for(Interest::read);
  } else {
    wait_for(Interest::write);
  }
}

bool DatagramPort::serve_batch() noexcept {
  auto got = receive_datagrams(socket_.socket.get(), slots_);
  for (int failures = 1; got.status == IoStatus::failed; ++failures) {
    if (failures == most_failures) {
      rest();
      return false;
    }
    got = receive_datagrams(socket_.socket.get(), slots_);
  }
  if (got.status == IoStatus::done) answer(got.count);
  if (got.status == IoStatus::done && got.count == slots_.size()) return true;
  // Nothing waits any more.
  if (!flush()) {
    wait_for(Interest::write);
  } else if (is_draining_) {
    finish();
  } else {
    wait_for(Interest::read);
  }
  return false;
}

// Those without an answer make room for the next: the first `end_` slots are what is to be sent.
void DatagramPort::answer(std::size_t count) noexcept {
  auto& counters = work_.counters;
  next_ = end_ = 0;
  for (auto& datagram : std::span(slots_).first(count)) {
    ++counters.datagrams_in;
    counters.bytes_in += datagram.size;
    if (make_answer(datagram)) std::swap(datagram, slots_[end_++]);
  }
}

// The service is not asked about an empty datagram, whose answer is as empty.
bool DatagramPort::make_answer(Datagram& datagram) noexcept {
  if (!datagram.is_truncated && datagram.size == 0) return true;
  if (datagram.is_truncated) {
    ++work_.counters.datagrams_dropped;
    return false;
  }
  const auto reply = work_.service.answer(datagram.bytes());
  if (reply.empty()) return false;
  if (reply.size() > datagram.room.size()) {
    ++work_.counters.datagrams_dropped;
    return false;
  }
  // It may lie in the datagram itself, from its beginning or not.
  if (reply.data() != datagram.room.data()) {
    std::copy_n(reply.data(), reply.size(), datagram.room.data());
  }
  datagram.size = reply.size();
  return true;
}

bool DatagramPort::flush() noexcept {
  auto& counters = work_.counters;
  bool was_tried = false;
  while (has_pending()) {
    const auto answers = std::span(slots_).subspan(next_, end_ - next_);
    const auto sent = send_datagrams(socket_.socket.get(), answers);
    if (sent.status == IoStatus::would_block) return false;
    if (sent.status == IoStatus::done) {
      for (const auto& one : answers.first(sent.count)) counters.bytes_out += one.size;
      counters.datagrams_out += sent.count;
      next_ += sent.count;
      was_tried = false;
    } else if (!std::exchange(was_tried, true)) {
      // It may have been told of an earlier one.
      continue;
    } else {
      ++counters.datagrams_dropped;
      ++next_;
      was_tried = false;
    }
  }
  return true;
}

void DatagramPort::wait_for(Interest interest) noexcept {
  if (interest == Interest::write && this->interest() != interest) {
    ++work_.counters.backpressure;
  }
  if (is_active() && (this->interest() == interest || !set_interest(interest))) return;
  rest();
}

void DatagramPort::rest() noexcept {
  stop();
  retry_.start_after(pause_before_retry);
}

void DatagramPort::finish() noexcept {
  close();
  if (work_.on_drained) work_.on_drained();
}

}  // namespace polymux
