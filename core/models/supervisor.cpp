#include "core/models/supervisor.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <system_error>
#include <utility>

#include "core/models/describe_clients.hpp"
#include "core/models/loop_server.hpp"
#include "core/models/prefork_worker.hpp"
#include "core/models/server_outcome.hpp"
#include "platform/socket_io.hpp"
#include "platform/sockets.hpp"

namespace polymux {
namespace {

using std::chrono::nanoseconds;
using namespace std::chrono_literals;

// What comes to the whole group of processes by a terminal, or by a service manager, is for the
// master to judge.
constexpr std::array masters_signals{SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGCHLD};

// Beyond what its clients have to end by, until a worker is taken to hang.
constexpr nanoseconds grace_of_drain = 2s;
constexpr nanoseconds grace_of_close = 1s;

std::string describe(const EndedChild& ended) {
  if (ended.signal_number != 0) {
    return "was killed by signal " + std::to_string(ended.signal_number);
  }
  return "ended with code " + std::to_string(ended.exit_code);
}

}  // namespace

struct Supervisor::Worker {
  pid_t id = -1;
  std::size_t row = 0;
  std::uint64_t generation = 0;
  Phase phase = Phase::starting;
  /// In the place of one that was lost.
  bool is_replacement = false;
  Clock::time_point since = Clock::now();
  UniqueFd channel{};
  /// Why it cannot serve.
  std::string message{};
  std::unique_ptr<CallbackWatcher> watcher{};

  [[nodiscard]] std::string name() const { return "worker " + std::to_string(id); }
};

Supervisor::Supervisor(EventLoop& loop, const ServerOptions& options, std::span<LiveCounters> rows,
                       std::span<LoopMeasures> measures, ServerObserver& observer,
                       Callbacks callbacks)
    : loop_(loop),
      options_(options),
      wanted_(rows.size() / generations),
      rows_(rows),
      measures_(measures),
      observer_(observer),
      callbacks_(std::move(callbacks)),
      next_start_(loop, [this] { loop_.stop(); }),
      patience_(loop, [this] { kill_all(); }),
      stats_(loop, [this] { report(); }),
      watch_(loop, [this] { tell_watch(); }),
      alive_(loop, [this] { tell_alive(); }),
      child_(loop, [this] { reap(); }),
      ask_(loop, [this] { tell_state(); }),
      hang_up_(loop, [this] { renew(); }),
      terminate_(loop, [this] { end(); }),
      interrupt_(loop, [this] { end(); }) {}

Supervisor::~Supervisor() = default;

ServerOutcome Supervisor::watch_signals() {
  for (auto [watch, number] :
       {std::pair{&child_, SIGCHLD}, std::pair{&hang_up_, SIGHUP}, std::pair{&ask_, SIGUSR1},
        std::pair{&terminate_, SIGTERM}, std::pair{&interrupt_, SIGINT}}) {
    if (const auto error = watch->start(number)) {
      return failed_server("cannot watch signals", error);
    }
  }
  return {};
}

ServerOutcome Supervisor::run(std::optional<WorkerSeed>& seed) {
  auto binding = open_metrics();
  if (binding.kind == ServerOutcome::Kind::ended) binding = observer_.on_bound();
  if (binding.kind != ServerOutcome::Kind::ended) return binding;
  auto watching = watch_signals();
  if (watching.kind != ServerOutcome::Kind::ended) return watching;
  while (true) {
    start_missing(seed);
    if (seed || (is_ending_ && workers_.empty())) return outcome_;
    if (const auto error = loop_.run()) {
      // The workers see the end of their streams.
      return failed_server("the event loop of the master has failed", error);
    }
  }
}

bool Supervisor::is_of_present(const Worker& worker) const noexcept {
  return worker.generation == generation_ && worker.phase != Phase::draining;
}

std::size_t Supervisor::missing() const noexcept {
  const auto present = std::ranges::count_if(
      workers_, [this](const auto& worker) { return is_of_present(*worker); });
  return wanted_ - static_cast<std::size_t>(present);
}

std::optional<std::size_t> Supervisor::free_row() const noexcept {
  for (std::size_t row = 0; row < rows_.size(); ++row) {
    const bool is_taken =
        std::ranges::any_of(workers_, [row](const auto& worker) { return worker->row == row; });
    if (!is_taken) return row;
  }
  return std::nullopt;
}

void Supervisor::start_missing(std::optional<WorkerSeed>& seed) {
  while (!is_ending_ && missing() > 0 && !next_start_.is_active()) {
    const auto error = start_one(seed);
    if (seed) return;
    if (!error) continue;
    if (!is_told_) return fail("cannot start a worker: " + error.message());
    notice("cannot start a worker: " + error.message());
    delay_next(nanoseconds::zero());
  }
}

std::error_code Supervisor::start_one(std::optional<WorkerSeed>& seed) {
  const auto row = free_row();
  if (!row) return std::make_error_code(std::errc::resource_unavailable_try_again);
  auto worker = std::make_unique<Worker>();
  worker->row = *row;
  worker->generation = generation_;
  worker->is_replacement = is_told_ && !is_renewing_;
  UniqueFd far;
  if (const auto error = open_socket_pair(worker->channel, far)) return error;
  auto& near = *worker;
  worker->watcher =
      std::make_unique<CallbackWatcher>(loop_, [this, &near](Ready) { listen_to(near); });
  if (const auto error = worker->watcher->start(near.channel.get(), Interest::read)) return error;
  workers_.push_back(std::move(worker));
  auto held_back = std::make_unique<SignalBlock>(masters_signals);
  const auto forked = fork_process();
  if (forked.is_child()) {
    if (metrics_) metrics_->become_child();
    seed = WorkerSeed{.row = *row, .master = std::move(far), .held_back = std::move(held_back)};
    return {};
  }
  if (forked.error) {
    workers_.pop_back();
    return forked.error;
  }
  near.id = forked.id;
  return {};
}

void Supervisor::listen_to(Worker& worker) {
  std::array<char, 512> room{};
  while (true) {
    const auto got = receive(worker.channel.get(), room);
    if (got.status == IoStatus::would_block) return;
    if (got.status != IoStatus::done) {
      // How it ended is told by SIGCHLD.
      worker.watcher->stop();
      return;
    }
    const std::string_view text(room.data(), got.count);
    const bool is_ready = worker.message.empty() && text.starts_with(worker_protocol::ready);
    worker.message.append(is_ready ? text.substr(worker_protocol::ready.size()) : text);
    if (is_ready && worker.phase == Phase::starting) on_ready(worker);
  }
}

void Supervisor::on_ready(Worker& worker) {
  worker.phase = Phase::serving;
  if (is_ending_) return tell(worker, worker_protocol::drain);
  if (worker.is_replacement) notice(worker.name() + " has taken the place of one that was lost");
  const bool are_all_ready = missing() == 0 && std::ranges::none_of(workers_, [](const auto& one) {
                               return one->phase == Phase::starting;
                             });
  if (are_all_ready) on_all_ready();
}

void Supervisor::on_all_ready() {
  if (!std::exchange(is_told_, true)) {
    tell_of_metrics(metrics_bound_, observer_);
    if (!callbacks_.on_ready()) return end();
    if (options_.stats_interval > nanoseconds::zero()) {
      stats_.start_after(options_.stats_interval);
    }
    if (options_.watch_interval > nanoseconds::zero()) {
      watch_.start_after(options_.watch_interval);
    }
    if (options_.alive_interval > nanoseconds::zero()) tell_alive();
  }
  if (!std::exchange(is_renewing_, false)) return;
  for (const auto& worker : workers_) {
    if (worker->generation != generation_) tell(*worker, worker_protocol::retire);
  }
  notice("new workers serve, and those of before end with their clients");
  observer_.on_reloaded();
}

void Supervisor::renew() {
  is_renewal_due_ = true;
  const bool has_room = workers_.size() + wanted_ <= rows_.size();
  if (is_ending_ || !is_told_ || is_renewing_ || missing() > 0 || !has_room) return;
  is_renewal_due_ = false;
  is_renewing_ = true;
  observer_.on_reloading();
  ++generation_;
  loop_.stop();
}

void Supervisor::give_up_renewal() {
  is_renewing_ = false;
  for (const auto& worker : workers_) {
    if (worker->generation == generation_) {
      tell(*worker, worker_protocol::drain);
    } else if (worker->phase == Phase::serving) {
      worker->generation = generation_;
    }
  }
  observer_.on_reloaded();
}

void Supervisor::reap() {
  while (const auto ended = reap_child()) {
    const auto found =
        std::ranges::find_if(workers_, [&](const auto& worker) { return worker->id == ended->id; });
    if (found == workers_.end()) continue;
    // What it has said before it died may come after the news of its death.
    const auto worker = std::move(*found);
    workers_.erase(found);
    listen_to(*worker);
    on_gone(*worker, *ended);
  }
  if (is_renewal_due_) renew();
  loop_.stop();
}

void Supervisor::on_gone(Worker& worker, const EndedChild& ended) {
  auto& row = rows_[worker.row];
  row.add_to(past_);
  past_.closed += std::exchange(past_.active, 0);
  row.clear();
  if (!measures_.empty()) {
    measures_[worker.row].add_to(past_loops_);
    measures_[worker.row].clear();
  }
  const bool was_asked = worker.phase == Phase::draining;
  const bool is_well = ended.signal_number == 0 && ended.exit_code == 0;
  if (was_asked && is_well) return;
  const auto how = worker.message.empty() ? describe(ended) : worker.message;
  if (worker.phase == Phase::starting && !is_ending_) return on_not_started(worker, how);
  on_lost(worker, how);
}

void Supervisor::on_not_started(const Worker& worker, const std::string& why) {
  if (!is_told_) return fail(worker.message.empty() ? worker.name() + " " + why : why);
  if (is_renewing_ && worker.generation == generation_) {
    notice("the new workers cannot start, so those of before go on: " + why);
    return give_up_renewal();
  }
  delay_next(nanoseconds::zero());
  notice("a worker cannot start, and is tried again: " + why);
}

void Supervisor::on_lost(const Worker& worker, const std::string& how) {
  notice(worker.name() + " " + how + ", and its clients with it");
  if (is_ending_ || worker.phase == Phase::draining) return;
  delay_next(Clock::now() - worker.since);
}

void Supervisor::delay_next(RestartDelay::Duration lived) {
  const auto delay = delay_.after(lived);
  if (delay > delay.zero()) next_start_.start_after(delay);
}

void Supervisor::fail(const std::string& message) {
  if (outcome_.kind == ServerOutcome::Kind::ended) {
    outcome_ = {.kind = ServerOutcome::Kind::failed, .message = message};
  }
  if (!is_ending_) end();
}

void Supervisor::end() {
  const bool is_first = !std::exchange(is_ending_, true);
  if (is_first) {
    observer_.on_ending();
    callbacks_.on_end();
  }
  const char command = is_first ? worker_protocol::drain : worker_protocol::close;
  for (const auto& worker : workers_) {
    // One that starts is told when it can listen.
    if (worker->phase != Phase::starting || !is_first) tell(*worker, command);
  }
  const auto drain = std::max(options_.connections.drain_timeout, nanoseconds::zero());
  const bool is_long = drain > nanoseconds::max() - grace_of_drain;
  if (!is_first) {
    patience_.start_after(grace_of_close);
  } else if (!is_long) {
    patience_.start_after(drain + grace_of_drain);
  }
  loop_.stop();
}

void Supervisor::tell(Worker& worker, char command) noexcept {
  worker.phase = Phase::draining;
  // One that has gone hears nothing; SIGCHLD tells of it.
  static_cast<void>(send(worker.channel.get(), {&command, 1}));
}

void Supervisor::kill_all() {
  for (const auto& worker : workers_) {
    notice(worker->name() + " does not end, and is killed");
    kill_child(worker->id);
  }
}

ServerOutcome Supervisor::open_metrics() {
  if (options_.metrics.empty()) return {};
  auto bound = metrics_.emplace(loop_, [this] { return look(); }).listen(options_.metrics);
  if (!bound) return cannot_listen(bound);
  metrics_bound_ = std::move(bound.addresses);
  return {};
}

ConnectionCounters Supervisor::counters() const noexcept {
  auto sum = past_;
  for (const auto& row : rows_) row.add_to(sum);
  return sum;
}

Metrics Supervisor::look() const noexcept {
  Metrics now{.counters = counters(), .has_loops = true, .loops = past_loops_};
  for (const auto& measures : measures_) measures.add_to(now.loops);
  return now;
}

void Supervisor::report() {
  observer_.on_counters(counters());
  stats_.start_after(options_.stats_interval);
}

void Supervisor::tell_watch() {
  observer_.on_watch(counters());
  watch_.start_after(options_.watch_interval);
}

void Supervisor::tell_state() {
  ServerState state{.is_ending = is_ending_, .counters = counters()};
  for (const auto& worker : workers_) {
    const auto* const phase = worker->phase == Phase::starting  ? "starting"
                              : worker->phase == Phase::serving ? "serving"
                                                                : "ending";
    state.parts.push_back(worker->name() + " phase=" + phase +
                          " generation=" + std::to_string(worker->generation) +
                          describe_clients(rows_[worker->row]));
  }
  observer_.on_state(state);
}

void Supervisor::tell_alive() {
  observer_.on_alive();
  alive_.start_after(options_.alive_interval);
}

}  // namespace polymux
