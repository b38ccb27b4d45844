#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <polymux/loop/event_loop.hpp>
#include <polymux/loop/signal_watch.hpp>
#include <polymux/loop/timer.hpp>
#include <polymux/loop/watcher.hpp>
#include <polymux/models/server_model.hpp>

#include "core/models/loop_measures.hpp"
#include "core/models/metrics_server.hpp"
#include "core/models/restart_delay.hpp"
#include "core/service/live_counters.hpp"
#include "platform/child_process.hpp"
#include "platform/signal_mask.hpp"
#include "platform/unique_fd.hpp"

namespace polymux {

/// What a worker has, once it is a process.
struct WorkerSeed {
  /// Its row of the table.
  std::size_t row = 0;
  UniqueFd master{};
  /// Signals wait until the worker has its own mind about them.
  std::unique_ptr<SignalBlock> held_back{};
};

/// The master of worker processes: starts them, replaces those that die, and by SIGHUP all of them.
///
/// A worker is started from `run` itself and from no callback, so that the child can return from it
/// and destroy all that is the master's.
class Supervisor {
 public:
  /// Of the rows of the table: a generation that serves, one that drains, and one that starts.
  static constexpr std::size_t generations = 3;

  struct Callbacks {
    /// All workers serve. False if nobody can be told.
    std::function<bool()> on_ready;
    /// The server ends: who listens has to stop.
    std::function<void()> on_end;
  };

  /// \param rows  `generations` for each worker, in memory that the workers share.
  /// \param measures  One for each row, or none.
  Supervisor(EventLoop& loop, const ServerOptions& options, std::span<LiveCounters> rows,
             std::span<LoopMeasures> measures, ServerObserver& observer, Callbacks callbacks);
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;
  ~Supervisor();

  /// In the master, until the last worker has ended. In a worker, at once, with a `seed`.
  [[nodiscard]] ServerOutcome run(std::optional<WorkerSeed>& seed);

 private:
  using Clock = std::chrono::steady_clock;

  enum class Phase : std::uint8_t { starting, serving, draining };

  struct Worker;
  using Workers = std::vector<std::unique_ptr<Worker>>;

  [[nodiscard]] ServerOutcome watch_signals();
  /// In a worker there is a seed.
  void start_missing(std::optional<WorkerSeed>& seed);
  [[nodiscard]] std::error_code start_one(std::optional<WorkerSeed>& seed);
  [[nodiscard]] std::size_t missing() const noexcept;
  [[nodiscard]] std::optional<std::size_t> free_row() const noexcept;
  [[nodiscard]] bool is_of_present(const Worker& worker) const noexcept;

  void listen_to(Worker& worker);
  void on_ready(Worker& worker);
  void on_all_ready();
  void reap();
  void on_gone(Worker& worker, const EndedChild& ended);
  void on_not_started(const Worker& worker, const std::string& why);
  void on_lost(const Worker& worker, const std::string& how);
  /// Of a worker that was lost after so long.
  void delay_next(RestartDelay::Duration lived);
  void fail(const std::string& message);

  void renew();
  void give_up_renewal();
  void end();
  void tell(Worker& worker, char command) noexcept;
  void kill_all();
  void notice(const std::string& text) { observer_.on_notice(text); }
  [[nodiscard]] ServerOutcome open_metrics();
  [[nodiscard]] ConnectionCounters counters() const noexcept;
  [[nodiscard]] Metrics look() const noexcept;
  void report();
  void tell_watch();
  void tell_state();
  void tell_alive();

  EventLoop& loop_;
  const ServerOptions& options_;
  std::size_t wanted_;
  std::span<LiveCounters> rows_;
  std::span<LoopMeasures> measures_;
  ServerObserver& observer_;
  Callbacks callbacks_;
  Workers workers_;
  /// What those had counted who have ended.
  ConnectionCounters past_{};
  LoopTotals past_loops_{};
  std::uint64_t generation_ = 0;
  /// New workers are to take over from those of the generation before.
  bool is_renewing_ = false;
  /// SIGHUP came, and there was no room for it yet.
  bool is_renewal_due_ = false;
  bool is_told_ = false;
  bool is_ending_ = false;
  ServerOutcome outcome_;
  RestartDelay delay_;
  Timer next_start_;
  Timer patience_;
  Timer stats_;
  Timer watch_;
  Timer alive_;
  std::optional<MetricsServer> metrics_;
  std::vector<std::string> metrics_bound_;
  SignalWatch child_;
  SignalWatch ask_;
  SignalWatch hang_up_;
  SignalWatch terminate_;
  SignalWatch interrupt_;
};

}  // namespace polymux
