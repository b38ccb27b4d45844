#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <system_error>
#include <vector>

#include <polymux/polymux.hpp>

#include "client.hpp"
#include "clock.hpp"
#include "completion_loop.hpp"
#include "histogram.hpp"
#include "pacer.hpp"
#include "plan.hpp"
#include "tally.hpp"

namespace load {

/// What one loop of a run does: its connections, and what it counted.
///
/// First it opens its connections, and sees to it that each is answered once; then it waits for
/// `begin`, so that all workers are measured at the same time; at the end it waits for the answers
/// that are still due, and asks the idle connections once more.
///
/// \par Threads  The loop's own, except for `progress`, and for all while the loop does not run.
class Worker {
 public:
  struct Calls {
    /// From the loop: every connection is open, or failed.
    std::function<void()> when_opened;
    /// From the loop: the worker has nothing left to do there.
    std::function<void()> when_done;
  };

  /// Loop and plan must outlive it.
  Worker(polymux::EventLoop& loop, const Plan& plan, const Share& share, Calls calls);
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  ~Worker();

  [[nodiscard]] polymux::EventLoop& loop() noexcept { return loop_; }

  /// Begins to open the connections.
  void open();
  void begin(Instant start);
  /// Asks no more, and ends when all is answered or the time-out is over.
  void finish();
  /// Ends at once.
  void abandon();

  struct Progress {
    std::uint64_t answered = 0;
    std::uint64_t failed = 0;
    std::uint64_t bytes = 0;
    std::uint64_t open = 0;
  };
  [[nodiscard]] Progress progress() const noexcept;

  [[nodiscard]] const Histogram& latency() const noexcept { return latency_; }
  /// By how much an open loop was late where a connection was free: the fault of this program.
  [[nodiscard]] const Histogram& lag() const noexcept { return lag_; }
  /// When it stopped asking.
  [[nodiscard]] Instant end() const noexcept { return end_; }
  [[nodiscard]] bool gave_up() const noexcept { return gave_up_; }

  // For its clients.

  [[nodiscard]] const Plan& plan() const noexcept { return plan_; }
  [[nodiscard]] Tally& tally() noexcept { return tally_; }
  [[nodiscard]] std::span<char> scratch() noexcept {
    return {scratch_.get(), Payload::longest_piece};
  }
  /// Not with `Io::readiness`.
  [[nodiscard]] CompletionLoop& completions() noexcept { return *completions_; }
  [[nodiscard]] bool wants_greeting() const noexcept { return phase_ == Phase::opening; }
  [[nodiscard]] bool may_ask() const noexcept {
    return phase_ == Phase::running || (phase_ == Phase::draining && !pacer_.is_exhausted());
  }

  /// Hands it the requests that there are for it.
  template <class Kind>
  void feed(Kind& client, Instant now);

  void note_opened(Client& client);
  void note_greeted(Client& client);
  /// It was open, and has done what it was opened for.
  void note_closed() noexcept;
  /// It could not be opened, or is closed if it `was_open`.
  void note_failed(Client& client, bool was_open, Failure why);
  void note_answered(Instant since, Instant now) noexcept {
    ++tally_.answered;
    --outstanding_;
    latency_.record(static_cast<std::uint64_t>((now - since).count()));
  }
  void note_unanswered(std::uint64_t count, Failure why) noexcept;
  void note_wrong(const WrongByte& wrong) noexcept;
  void note_error(const std::error_code& error);
  /// Something has ended; perhaps all has.
  void note_settled();

 private:
  enum class Phase : std::uint8_t { opening, waiting, running, draining, checking, done };

  void make_clients();
  [[nodiscard]] std::unique_ptr<Client> make_client(std::uint64_t number, Client::Role role);
  void open_completions();
  void open_more();
  void opened_one();
  void be_free(Client& client) noexcept;
  [[nodiscard]] Client* first_free() noexcept;
  void hand_over(Client& client, Instant since, Instant now);
  void send_due();
  void expect_next_due();
  void look_after_all();
  void watch_for_answers(Instant now);
  void publish() noexcept;
  [[nodiscard]] bool is_over() const noexcept;
  void move_on();
  void stop_measuring(Instant now);
  void give_up_overdue();
  void check_idle();
  void check_more();
  void checked_one(Client& client);
  void be_done();

  polymux::EventLoop& loop_;
  const Plan& plan_;
  Share share_;
  Calls calls_;
  std::unique_ptr<char[]> scratch_;
  Histogram latency_;
  Histogram lag_;
  Tally tally_;
  Pacer pacer_;
  std::uint64_t outstanding_ = 0;
  Phase phase_ = Phase::opening;
  bool is_moving_on_ = false;
  bool gave_up_ = false;
  Instant end_{};

  /// Outlives its clients.
  std::unique_ptr<CompletionLoop> completions_;
  std::vector<std::unique_ptr<Client>> clients_;
  /// Next of `clients_` to be opened, and those under way.
  std::size_t next_to_open_ = 0;
  std::uint64_t opening_ = 0;
  /// The same of those that are asked once more at the end.
  std::size_t next_to_check_ = 0;
  std::uint64_t checking_ = 0;
  std::uint64_t open_ = 0;
  Client* first_free_ = nullptr;
  Client* last_free_ = nullptr;

  /// What `watch_for_answers` saw the last time that something was answered.
  std::uint64_t answered_by_then_ = 0;
  std::uint64_t failed_by_then_ = 0;
  Instant answered_at_{};

  polymux::Timer due_;
  polymux::Timer tick_;
  polymux::Timer deadline_;

  std::atomic<std::uint64_t> published_answered_{0};
  std::atomic<std::uint64_t> published_failed_{0};
  std::atomic<std::uint64_t> published_bytes_{0};
  std::atomic<std::uint64_t> published_open_{0};
};

template <class Kind>
void Worker::feed(Kind& client, Instant now) {
  if (may_ask()) {
    while (client.has_room()) {
      const auto since = pacer_.take(now);
      if (!since) break;
      ++outstanding_;
      ++tally_.asked;
      client.ask(*since, now);
    }
    if (pacer_.is_open_loop() && client.has_room()) be_free(client);
  }
  // Also what was handed to it before, while it was connecting.
  client.flush(now);
  if (outstanding_ == 0) note_settled();
}

}  // namespace load
