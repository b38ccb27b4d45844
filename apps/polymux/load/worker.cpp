#include "worker.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "choose_io.hpp"
#include "completion_stream.hpp"
#include "datagram_client.hpp"
#include "readiness_stream.hpp"
#include "timer_slack.hpp"

namespace load {
namespace {

using namespace std::chrono_literals;

// Few enough for the queue of a listener, which a server may empty slowly.
constexpr std::uint64_t opened_at_a_time = 100;
constexpr std::uint64_t checked_at_a_time = 500;

// How exact a time-out is. To look at a connection takes some tenths of a microsecond: of many, a
// hundredth of the time may go into that.
constexpr nanoseconds longest_tick = 50ms;
constexpr nanoseconds shortest_tick = 1ms;
constexpr nanoseconds tick_of_a_connection = 20us;

nanoseconds tick_for(nanoseconds timeout, std::size_t connections) {
  constexpr int ticks_of_a_timeout = 8;
  const auto exact = std::clamp(timeout / ticks_of_a_timeout, shortest_tick, longest_tick);
  return std::max(exact, tick_of_a_connection * static_cast<std::int64_t>(connections));
}

}  // namespace

Worker::Worker(polymux::EventLoop& loop, const Plan& plan, const Share& share, Calls calls)
    : loop_(loop),
      plan_(plan),
      share_(share),
      calls_(std::move(calls)),
      scratch_(std::make_unique<char[]>(Payload::longest_piece)),
      due_(loop_, [this] { send_due(); }),
      tick_(loop_, [this] { look_after_all(); }),
      deadline_(loop_, [this] {
        if (phase_ == Phase::running) return finish();
        give_up_overdue();
        note_settled();
      }) {
  make_clients();
}

Worker::~Worker() = default;

void Worker::make_clients() {
  clients_.reserve(static_cast<std::size_t>(share_.connections + share_.idle));
  for (std::uint64_t index = 0; index < share_.connections; ++index) {
    clients_.push_back(make_client(share_.first_connection + index, Client::Role::busy));
  }
  for (std::uint64_t index = 0; index < share_.idle; ++index) {
    clients_.push_back(make_client(share_.first_idle + index, Client::Role::idle));
  }
}

std::unique_ptr<Client> Worker::make_client(std::uint64_t number, Client::Role role) {
  if (plan_.options.is_udp) return std::make_unique<DatagramClient>(*this, number);
  if (plan_.io == Io::readiness) return std::make_unique<ReadinessStream>(*this, number, role);
  return std::make_unique<CompletionStream>(*this, number, role);
}

// In the thread that is going to use them.
void Worker::open_completions() {
  std::error_code error;
  auto ring = open_ring_for(plan_.options, error);
  if (ring != nullptr) {
    completions_ = std::make_unique<CompletionLoop>(loop_, std::move(ring));
    error = completions_->start();
  }
  if (error) throw std::runtime_error("io_uring: " + error.message());
}

void Worker::open() {
  if (plan_.io == Io::uring) open_completions();
  if (plan_.options.rate) wait_exactly();
  tick_.start_after(tick_for(plan_.options.timeout, clients_.size()));
  // Busy ones connect for each request, then.
  if (plan_.options.reconnects) next_to_open_ = static_cast<std::size_t>(share_.connections);
  loop_.post([this] { open_more(); });
}

void Worker::open_more() {
  while (opening_ < opened_at_a_time && next_to_open_ < clients_.size() &&
         phase_ == Phase::opening) {
    ++opening_;
    clients_[next_to_open_++]->open(Clock::now());
  }
  if (opening_ > 0 || phase_ != Phase::opening) return;
  phase_ = Phase::waiting;
  publish();
  calls_.when_opened();
}

// Not at once: whoever tells of it may be amid an `open` of `open_more`.
void Worker::opened_one() {
  --opening_;
  loop_.post([this] { open_more(); });
}

void Worker::note_opened(Client& client) {
  ++open_;
  ++tally_.connections_opened;
  if (client.role() == Client::Role::idle) ++tally_.idle_opened;
  if (phase_ == Phase::opening) opened_one();
}

void Worker::note_closed() noexcept {
  --open_;
}

void Worker::note_greeted(Client& client) {
  if (client.role() == Client::Role::idle) ++tally_.idle_kept;
  checked_one(client);
}

void Worker::note_failed(Client& client, bool was_open, Failure why) {
  auto& counts = was_open ? tally_.connection_losses : tally_.connection_failures;
  ++counts[static_cast<std::size_t>(why)];
  if (was_open) --open_;
  if (phase_ == Phase::opening && !was_open) opened_one();
  checked_one(client);
  note_settled();
}

void Worker::note_unanswered(std::uint64_t count, Failure why) noexcept {
  tally_.failures[static_cast<std::size_t>(why)] += count;
  outstanding_ -= count;
}

void Worker::note_wrong(const WrongByte& wrong) noexcept {
  if (!tally_.first_wrong) tally_.first_wrong = wrong;
}

void Worker::note_error(const std::error_code& error) {
  if (tally_.first_error.empty()) tally_.first_error = error.message();
}

void Worker::begin(Instant start) {
  if (phase_ != Phase::waiting) return;
  phase_ = Phase::running;
  const auto& options = plan_.options;
  pacer_ = options.rate ? Pacer(share_.requests,
                                Schedule(start, *options.rate, share_.index, share_.workers))
                        : Pacer(share_.requests);
  if (options.duration) deadline_.start_at(start + *options.duration);
  answered_at_ = start;
  for (const auto& client : clients_) {
    if (client->role() == Client::Role::busy && client->has_room()) {
      feed(*client, Clock::now());
    }
  }
  note_settled();
}

void Worker::be_free(Client& client) noexcept {
  if (std::exchange(client.is_free, true)) return;
  client.next_free = nullptr;
  (last_free_ == nullptr ? first_free_ : last_free_->next_free) = &client;
  last_free_ = &client;
  if (!due_.is_active()) expect_next_due();
}

// In turn; those that have no room any more, for they were closed, are passed over.
Client* Worker::first_free() noexcept {
  while (first_free_ != nullptr && !first_free_->has_room()) {
    auto* const client = first_free_;
    first_free_ = client->next_free;
    if (first_free_ == nullptr) last_free_ = nullptr;
    client->is_free = false;
  }
  return first_free_;
}

void Worker::expect_next_due() {
  if (const auto next = pacer_.next_due()) due_.start_at(*next);
}

void Worker::send_due() {
  const auto now = Clock::now();
  while (auto* const client = first_free()) {
    const auto since = pacer_.take(now);
    if (!since) break;
    lag_.record(static_cast<std::uint64_t>((now - *since).count()));
    hand_over(*client, *since, now);
  }
  if (first_free_ != nullptr) expect_next_due();
  note_settled();
}

void Worker::hand_over(Client& client, Instant since, Instant now) {
  first_free_ = client.next_free;
  if (first_free_ == nullptr) last_free_ = nullptr;
  client.is_free = false;
  ++outstanding_;
  ++tally_.asked;
  client.ask(since, now);
  client.flush(now);
  if (client.has_room()) be_free(client);
}

void Worker::look_after_all() {
  const auto now = Clock::now();
  for (const auto& client : clients_) client->sweep(now);
  if (phase_ == Phase::running) watch_for_answers(now);
  publish();
  tick_.start_after(tick_for(plan_.options.timeout, clients_.size()));
}

// A run of so many requests would go on and on if none was answered any more.
void Worker::watch_for_answers(Instant now) {
  constexpr int timeouts = 3;
  const auto failed = total(tally_.failures) + total(tally_.connection_failures);
  if (tally_.answered != answered_by_then_ || failed == failed_by_then_) {
    answered_by_then_ = tally_.answered;
    failed_by_then_ = failed;
    answered_at_ = now;
  }
  if (plan_.options.duration || now - answered_at_ <= timeouts * plan_.options.timeout) return;
  gave_up_ = true;
  finish();
}

void Worker::publish() noexcept {
  constexpr auto order = std::memory_order_relaxed;
  published_answered_.store(tally_.answered, order);
  published_failed_.store(total(tally_.failures) + total(tally_.connection_failures), order);
  published_bytes_.store(tally_.bytes_received, order);
  published_open_.store(open_, order);
}

Worker::Progress Worker::progress() const noexcept {
  constexpr auto order = std::memory_order_relaxed;
  return {.answered = published_answered_.load(order),
          .failed = published_failed_.load(order),
          .bytes = published_bytes_.load(order),
          .open = published_open_.load(order)};
}

bool Worker::is_over() const noexcept {
  switch (phase_) {
    case Phase::running:
    case Phase::draining:
      return outstanding_ == 0 && pacer_.is_exhausted();
    case Phase::checking:
      return checking_ == 0 && next_to_check_ == clients_.size();
    case Phase::opening:
    case Phase::waiting:
    case Phase::done:
      return false;
  }
  return false;
}

// Not at once: whoever tells of it is amid its own work.
void Worker::note_settled() {
  if (!is_over() || std::exchange(is_moving_on_, true)) return;
  loop_.post([this] {
    is_moving_on_ = false;
    if (is_over()) move_on();
  });
}

void Worker::move_on() {
  if (phase_ == Phase::checking) return be_done();
  if (phase_ == Phase::running) stop_measuring(Clock::now());
  give_up_overdue();
  check_idle();
}

void Worker::stop_measuring(Instant now) {
  phase_ = Phase::draining;
  end_ = now;
  pacer_.end(now);
  tally_.answered_in_time = tally_.answered;
  tally_.bytes_received_in_time = tally_.bytes_received;
}

void Worker::finish() {
  if (phase_ == Phase::opening || phase_ == Phase::waiting) return abandon();
  if (phase_ != Phase::running) return;
  stop_measuring(Clock::now());
  deadline_.start_after(plan_.options.timeout);
  note_settled();
}

// What has been sent by then still has its time-out.
void Worker::give_up_overdue() {
  deadline_.stop();
  due_.stop();
  tally_.unsent += pacer_.overdue();
  pacer_ = Pacer();
}

void Worker::check_idle() {
  phase_ = Phase::checking;
  for (const auto& client : clients_) {
    if (client->role() == Client::Role::busy) client->give_up(Failure::abandoned);
  }
  next_to_check_ = static_cast<std::size_t>(share_.connections);
  check_more();
}

// Not all at once: the last would wait for all before it, and its time-out with it.
void Worker::check_more() {
  if (phase_ != Phase::checking) return;
  while (checking_ < checked_at_a_time && next_to_check_ < clients_.size()) {
    auto& client = *clients_[next_to_check_++];
    if (!client.is_open()) continue;
    ++checking_;
    client.is_checked = true;
    client.greet(Clock::now());
  }
  note_settled();
}

// Not at once: whoever tells of it may be amid a `greet` of `check_more`.
void Worker::checked_one(Client& client) {
  if (!std::exchange(client.is_checked, false)) return;
  --checking_;
  loop_.post([this] { check_more(); });
}

void Worker::abandon() {
  if (phase_ == Phase::done) return;
  if (phase_ == Phase::running) stop_measuring(Clock::now());
  give_up_overdue();
  be_done();
}

void Worker::be_done() {
  phase_ = Phase::done;
  due_.stop();
  tick_.stop();
  deadline_.stop();
  for (const auto& client : clients_) client->give_up(Failure::abandoned);
  // In the thread that used it.
  completions_.reset();
  publish();
  calls_.when_done();
}

}  // namespace load
