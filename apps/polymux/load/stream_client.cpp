#include "stream_client.hpp"

#include <algorithm>

#include "worker.hpp"

namespace load {

StreamClient::StreamClient(Worker& worker, std::uint64_t number, Role role)
    : Client(worker, number, role),
      window_(role == Role::busy ? static_cast<std::size_t>(worker.plan().options.depth) : 0),
      random_(worker.plan().options.seed + number),
      reconnects_(role == Role::busy && worker.plan().options.reconnects) {
  start_anew();
}

void StreamClient::open(Instant now) {
  since_ = now;
  begin_to_connect(now);
}

void StreamClient::begin_to_connect(Instant now) {
  state_ = State::connecting;
  const auto error = connect(Transport::stream, polymux::Interest::write);
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
    send_more();
  } else if (state_ == State::closed && !window_.is_empty()) {
    open(now);
  }
}

void StreamClient::greet(Instant now) {
  since_ = now;
  state_ = State::greeting;
  ++asked_;
  send_more();
}

void StreamClient::finish_connecting() {
  if (const auto error = outcome_of_connecting(fd())) return fail_by_system(error);
  if (const auto error = begin_to_carry()) return fail_by_system(error);
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

std::span<const char> StreamClient::unsent() const noexcept {
  return worker().plan().payload.question(sent_, asked_ - sent_);
}

void StreamClient::note_sent(std::size_t count) noexcept {
  sent_ += count;
  if (state_ == State::ready) worker().tally().bytes_sent += count;
}

void StreamClient::note_unsent(std::size_t count) noexcept {
  sent_ -= count;
  if (state_ == State::ready) worker().tally().bytes_sent -= count;
}

void StreamClient::take(std::span<const char> bytes, Instant now) {
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
  let_go();
  start_anew();
}

void StreamClient::start_anew() noexcept {
  state_ = State::closed;
  is_accepted_ = false;
  window_.clear();
  // Each connection goes through other bytes, so that one cannot pass for another.
  began_ = asked_ = sent_ = received_ = random_.below(Payload::period);
}

}  // namespace load
