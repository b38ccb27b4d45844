// A number of processes that block, each on one client at a time; all of them accept on the same
// sockets. A master that serves nobody replaces one that dies.

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <new>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/models/one_at_a_time.hpp"
#include "core/models/restart_delay.hpp"
#include "core/models/server_frame.hpp"
#include "core/models/server_outcome.hpp"
#include "core/models/worker_count.hpp"
#include "platform/child_process.hpp"
#include "platform/shared_memory.hpp"

namespace polymux {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

// For those that have been told to end at once, to do so. Then they are killed.
constexpr auto patience = 5s;

constexpr auto never = Clock::time_point::max();

/// What a worker lets the master know, in memory that they share: how many clients are lost with
/// it if it dies.
using Desk = std::atomic<std::uint32_t>;

class PoolWorker final : public OneAtATime {
 public:
  PoolWorker(Service& service, ServerFrame& frame, Desk& desk)
      : OneAtATime(service, frame.options.connections, frame.counters, frame.ending,
                   frame.reception),
        desk_(desk) {}

 private:
  // Those who wait are the master's to share out: a worker may be busy to the very end.
  void on_drain() noexcept override { reception().forget(); }
  void on_clients(std::size_t count) noexcept override {
    desk_.store(static_cast<std::uint32_t>(count));
  }

  Desk& desk_;
};

class Master {
 public:
  /// \param desks  Twice as many as workers: those of the end have one too.
  Master(Service& service, ServerFrame& frame, SharedArray<Desk>& desks, std::uint32_t workers)
      : service_(service), frame_(frame), desks_(desks), count_(workers), workers_(workers) {}

  void run() {
    while (true) {
      if (!is_ending_) start_due();
      on_event(frame_.control.wait(next_wake()));
      reap();
      if (is_ending_ && living_ == 0) return;
      if (Clock::now() >= kill_at_) kill_all();
    }
  }

 private:
  using Clients = std::vector<UniqueFd>;

  struct Worker {
    pid_t process = -1;
    Clock::time_point started{};
    Clock::time_point due = Clock::time_point::min();
    RestartDelay delay{};

    [[nodiscard]] bool is_alive() const noexcept { return process > 0; }
  };

  void on_event(ServerControl::Event event) {
    using Event = ServerControl::Event;
    if (event == Event::drain) {
      is_ending_ = true;
      share_out_last();
    } else if (event == Event::stop) {
      is_ending_ = true;
      frame_.reception.close();
      kill_at_ = Clock::now() + patience;
    }
  }

  [[nodiscard]] Clock::time_point next_wake() const noexcept {
    if (is_ending_) return kill_at_;
    auto next = never;
    for (const auto& worker : workers_) {
      if (!worker.is_alive()) next = std::min(next, worker.due);
    }
    return next;
  }

  void start_due() {
    const auto now = Clock::now();
    for (std::size_t place = 0; place < workers_.size(); ++place) {
      if (workers_[place].is_alive() || now < workers_[place].due) continue;
      start(place, [](PoolWorker& worker) { worker.run(); });
    }
  }

  /// A process that does `work`, and ends.
  template <class Function>
  bool start(std::size_t place, Function work) {
    auto& worker = workers_[place];
    worker.started = Clock::now();
    const auto forked = fork_process();
    if (forked.is_child()) become_worker(desks_[place], work);
    if (forked.error) {
      schedule(worker);
      frame_.observer.on_notice("cannot start a worker: " + forked.error.message());
      return false;
    }
    worker.process = forked.id;
    ++living_;
    return true;
  }

  template <class Function>
  [[noreturn]] void become_worker(Desk& desk, Function work) noexcept {
    frame_.control.become_child();
    try {
      PoolWorker worker(service_, frame_, desk);
      work(worker);
    } catch (const std::bad_alloc&) {
      end_child(1);
    }
    end_child(0);
  }

  // Those who still wait to be accepted get workers of their own, as many as there are others at
  // the most, each with its share: the others may be busy, and the sockets are to be closed now.
  void share_out_last() {
    Clients last;
    frame_.reception.take_last([&](UniqueFd client) { last.push_back(std::move(client)); });
    const auto shares = std::min<std::size_t>(count_, last.size());
    workers_.resize(count_ + shares);
    for (std::size_t share = 0; share < shares; ++share) {
      const bool is_started = start(count_ + share, [&](PoolWorker& worker) {
        worker.run_with(pick_share(last, share, shares));
      });
      if (is_started) continue;
      for (auto at = share; at < last.size(); at += shares) frame_.counters.leave();
    }
  }

  /// In the child, for which the others are closed: a client sees its end when the last copy of the
  /// socket is.
  static Clients pick_share(Clients& all, std::size_t share, std::size_t shares) {
    Clients own;
    for (auto at = share; at < all.size(); at += shares) own.push_back(std::move(all[at]));
    all.clear();
    return own;
  }

  void reap() {
    while (const auto ended = reap_child()) {
      const auto found = std::ranges::find(workers_, ended->id, &Worker::process);
      if (found == workers_.end()) continue;
      found->process = -1;
      --living_;
      // What it had is no more: its clients are gone with it.
      auto& desk = desks_[static_cast<std::size_t>(found - workers_.begin())];
      for (auto clients = desk.exchange(0); clients > 0; --clients) frame_.counters.leave();
      if (is_ending_) continue;
      schedule(*found);
      frame_.observer.on_notice(describe(*ended));
    }
  }

  static std::string describe(const EndedChild& ended) {
    const auto how = ended.signal_number != 0
                         ? "was killed by signal " + std::to_string(ended.signal_number)
                         : "has ended with " + std::to_string(ended.exit_code);
    return "worker " + std::to_string(ended.id) + " " + how + ", and is replaced";
  }

  static void schedule(Worker& worker) noexcept {
    const auto now = Clock::now();
    worker.due = now + worker.delay.after(now - worker.started);
  }

  void kill_all() noexcept {
    for (const auto& worker : workers_) {
      if (worker.is_alive()) kill_child(worker.process);
    }
    kill_at_ = never;
  }

  Service& service_;
  ServerFrame& frame_;
  SharedArray<Desk>& desks_;
  std::size_t count_;
  std::vector<Worker> workers_;
  std::size_t living_ = 0;
  bool is_ending_ = false;
  Clock::time_point kill_at_ = never;
};

// A child that is forked beside the thread that tells of them could do too little (fork(2)).
constexpr std::array<std::string_view, 1> refused{"--metrics"};

ServerOutcome serve(Service& service, const ServerOptions& options, ServerObserver& observer) {
  if (!options.metrics.empty()) return cannot_tell_metrics();
  const auto workers = worker_count(options);
  SharedArray<ServerCounters> counters;
  SharedArray<Desk> desks;
  auto error = counters.open(1);
  if (!error) error = desks.open(std::size_t{2} * workers);
  if (error) return failed_server("cannot share memory", error);
  ServerFrame frame(options, observer, counters[0]);
  if (const auto outcome = frame.open()) return *outcome;
  Master(service, frame, desks, workers).run();
  return {};
}

}  // namespace

extern const ServerModel process_pool_model;
const ServerModel process_pool_model{.name = "process-pool",
                                     .summary = "a number of processes that accept and block",
                                     .known_from = "FastCGI, php-fpm, Apache's prefork; Stevens",
                                     .workers = Workers::processes,
                                     .refused_options = refused,
                                     .serve = serve};

}  // namespace polymux
