#include "stream_client.hpp"

#include <algorithm>
#include <cerrno>

#include "payload.hpp"
#include "platform/system_error.hpp"
#include "worker.hpp"

namespace load {

using polymux::Interest;
using polymux::IoStatus;
using polymux::Ready;

StreamClient::StreamClient(Worker& worker, std::uint64_t number, Role role)
    : Client(worker, number, role),
      window_(role == Role::busy ? static_cast<std::size_t>(worker.plan().options.depth) : 0),
      random_(worker.plan().options.seed + number),
      reconnects_(role == Role::busy && worker.plan().options.reconnects) {
  close();
}

void StreamClient::open(Instant now) {
  since_ = now;
  begin_to_connect(now);
}

void StreamClient::begin_to_connect(Instant now) {
  state_ = State::connecting;
  const auto error = connect(Transport::stream, Interest::write);
  if (!error) return;
  // Of a Unix-domain socket (connect(2)).
  if (error == std::errc::resource_unavailable_try_again) {
    state_ = State::queueing;
    rest(now);
    return;
  }
  fail_by_system(error);
}

void StreamClient::ask(Instant since, Instant now) {
  asked_ += worker().plan().options.sizes.draw(random_);
  window_.push({.end = asked_, .since = since, .asked = now});
}

void StreamClient::flush(Instant now) {
  if (state_ == State::ready) {
    static_cast<void>(send_more());
  } else if (state_ == State::closed && !window_.is_empty()) {
    open(now);
  }
}

void StreamClient::greet(Instant now) {
  since_ = now;
  state_ = State::greeting;
  ++asked_;
  static_cast<void>(send_more());
}

void StreamClient::on_ready(Ready ready) {
  if (state_ == State::connecting) return finish_connecting();
  if (contains(ready, Ready::writable) && !send_more()) return;
  if (contains(ready, Ready::readable)) receive();
}

void StreamClient::finish_connecting() {
  if (const auto error = outcome_of_connecting(fd())) return fail_by_system(error);
  if (const auto error = set_interest(Interest::read)) return fail_by_system(error);
  const auto now = Clock::now();
  if (worker().wants_greeting()) return greet(now);
  become_ready(now);
}

void StreamClient::become_ready(Instant now) {
  state_ = State::ready;
  be_well();
  if (is_accepted_) {
    worker().note_greeted(*this);
    return;
  }
  is_accepted_ = true;
  worker().note_opened(*this);
  if (role() == Role::idle) return;
  worker().feed(*this, now);
}

void StreamClient::receive() {
  const auto room = worker().scratch();
  const auto got = polymux::receive(fd(), room);
  if (got.status != IoStatus::done) return judge(got.status);
  const auto now = Clock::now();
  const auto bytes = room.first(got.count);
  if (!check(bytes)) return;
  received_ += bytes.size();
  if (state_ == State::greeting) return become_ready(now);
  worker().tally().bytes_received += bytes.size();
  while (!window_.is_empty() && window_.front().end <= received_) {
    worker().note_answered(window_.front().since, now);
    window_.pop();
  }
  if (reconnects_ && window_.is_empty()) {
    close();
    worker().note_closed();
  }
  worker().feed(*this, now);
}

void StreamClient::judge(IoStatus status) {
  switch (status) {
    case IoStatus::done:
    case IoStatus::would_block:
      return;
    case IoStatus::end_of_stream:
      return fail(Failure::closed);
    case IoStatus::reset:
      return fail(Failure::reset);
    case IoStatus::failed:
      return fail_by_system(polymux::last_error());
  }
}

bool StreamClient::check(std::span<const char> bytes) {
  const auto& payload = worker().plan().payload;
  const auto expected = sent_ - received_;
  if (bytes.size() <= expected && payload.is_answer(received_, bytes)) return true;
  const auto known = bytes.first(std::min<std::size_t>(bytes.size(), expected));
  const auto wrong = payload.first_wrong(received_, known).value_or(known.size());
  const auto position = received_ + wrong;
  worker().note_wrong({.connection = number(),
                       .position = position - began_,
                       .expected = static_cast<unsigned char>(payload.answer_at(position)),
                       .got = static_cast<unsigned char>(bytes[wrong]),
                       .is_surplus = wrong == known.size()});
  fail(Failure::wrong);
  return false;
}

bool StreamClient::send_more() {
  const auto& payload = worker().plan().payload;
  while (sent_ < asked_) {
    const auto piece = payload.question(sent_, asked_ - sent_);
    const auto result = polymux::send(fd(), piece);
    if (result.status == IoStatus::would_block) break;
    if (result.status != IoStatus::done) {
      judge(result.status);
      return false;
    }
    sent_ += result.count;
    if (state_ == State::ready) worker().tally().bytes_sent += result.count;
    // The kernel takes no more for now.
    if (result.count < piece.size()) break;
  }
  const auto wanted = sent_ < asked_ ? Interest::read | Interest::write : Interest::read;
  const auto error = set_interest(wanted);
  if (error) fail_by_system(error);
  return !error;
}

void StreamClient::sweep(Instant now) {
  const auto oldest = now - worker().plan().options.timeout;
  switch (state_) {
    case State::closed:
    case State::resting:
      if (is_resting(now) || role() == Role::idle || !worker().may_ask()) return;
      state_ = State::closed;
      if (!reconnects_ || !window_.is_empty()) return open(now);
      return worker().feed(*this, now);
    case State::queueing:
      if (since_ >= oldest && !is_resting(now)) return begin_to_connect(now);
      [[fallthrough]];
    case State::connecting:
    case State::greeting:
      if (since_ < oldest) fail(Failure::timed_out);
      return;
    case State::ready:
      if (!window_.is_empty() && window_.front().asked < oldest) fail(Failure::timed_out);
      return;
  }
}

void StreamClient::give_up(Failure why) {
  worker().note_unanswered(window_.size(), why);
  close();
}

void StreamClient::fail_by_system(const std::error_code& error) {
  const auto why = classify(error);
  if (why == Failure::other) worker().note_error(error);
  fail(why);
}

void StreamClient::fail(Failure why) {
  // What comes after a wrong answer cannot be judged any more.
  const bool is_wrong = why == Failure::wrong && !window_.is_empty();
  if (is_wrong) worker().note_unanswered(1, why);
  worker().note_unanswered(window_.size() - (is_wrong ? 1 : 0),
                           is_wrong ? Failure::abandoned : why);
  const bool was_accepted = is_accepted_;
  close();
  state_ = State::resting;
  rest(Clock::now());
  worker().note_failed(*this, was_accepted, why);
}

void StreamClient::close() noexcept {
  close_socket();
  state_ = State::closed;
  is_accepted_ = false;
  window_.clear();
  // Each connection goes through other bytes, so that one cannot pass for another.
  began_ = asked_ = sent_ = received_ = random_.below(Payload::period);
}

}  // namespace load
