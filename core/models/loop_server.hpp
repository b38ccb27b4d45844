#pragma once

#include <csignal>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <polymux/loop/event_loop.hpp>
#include <polymux/loop/signal_watch.hpp>
#include <polymux/loop/timer.hpp>
#include <polymux/poller/registry.hpp>
#include <polymux/service/connection_manager.hpp>

#include <polymux/models/server_model.hpp>

#include "core/models/measured_poller.hpp"
#include "core/models/metrics_server.hpp"
#include "core/models/server_outcome.hpp"

namespace polymux {

/// The poller that the options ask for; measured if they ask for metrics.
/// \param elsewhere  Where to measure, if the loop's measures cannot be asked for by its poller.
[[nodiscard]] inline OpenResult open_poller_for(const ServerOptions& options,
                                                LoopMeasures* elsewhere = nullptr) {
  auto opened = options.backend ? open_poller(*options.backend) : open_poller();
  if (opened && !options.metrics.empty()) {
    opened.poller = std::make_unique<MeasuredPoller>(std::move(opened.poller), elsewhere);
  }
  return opened;
}

/// Adds what was measured of a loop, if it is measured.
inline void add_measures(EventLoop& loop, LoopTotals& totals) {
  const auto* const measured = dynamic_cast<const MeasuredPoller*>(&loop.poller());
  if (measured != nullptr) measured->measures().add_to(totals);
}

/// Tells where metrics are to be had.
inline void tell_of_metrics(const std::vector<std::string>& addresses, ServerObserver& observer) {
  for (const auto& address : addresses) observer.on_notice("metrics at " + metrics_url(address));
}

/// What a failure to open it means.
[[nodiscard]] inline ServerOutcome cannot_open(const OpenResult& opened) {
  const bool is_usage = opened.error == Errc::unknown_backend;
  return {.kind = is_usage ? ServerOutcome::Kind::wrong_usage : ServerOutcome::Kind::failed,
          .message = opened.message};
}

/// A server that is one loop, and a manager in it: has `listen`, `drain`, `close_all` and
/// `counters`, as `ConnectionManager` has them. Its signals and its counters.
template <class Manager>
class LoopServer {
 public:
  LoopServer(EventLoop& loop, Manager& manager, const ServerOptions& options,
             ServerObserver& observer)
      : loop_(loop),
        manager_(manager),
        observer_(observer),
        terminate_(loop, [this] { end(); }),
        interrupt_(loop, [this] { end(); }),
        ask_(loop, [this] { tell_state(); }),
        stats_(loop, [this] { report(); }),
        watch_(loop, [this] { tell_watch(); }),
        alive_(loop, [this] { tell_alive(); }),
        options_(options) {}

  /// Binds every address before it tells of any.
  [[nodiscard]] ServerOutcome run(const std::string& backend) {
    std::vector<std::string> bound;
    for (const auto& address : options_.addresses) {
      auto result = manager_.listen(address);
      if (!result) return cannot_listen(result);
      for (auto& one : result.addresses) bound.push_back(std::move(one));
    }
    ListenResult metrics;
    if (!options_.metrics.empty()) {
      metrics = metrics_.emplace(loop_, [this] { return look(); }).listen(options_.metrics);
      if (!metrics) return cannot_listen(metrics);
    }
    if (auto outcome = observer_.on_bound(); outcome.kind != ServerOutcome::Kind::ended) {
      return outcome;
    }
    for (auto [watch, number] : {std::pair{&terminate_, SIGTERM}, std::pair{&interrupt_, SIGINT},
                                 std::pair{&ask_, SIGUSR1}}) {
      if (const auto error = watch->start(number)) {
        return failed_server("cannot watch signals", error);
      }
    }
    tell_of_metrics(metrics.addresses, observer_);
    if (!observer_.on_listening(bound, backend)) return {};
    if (options_.stats_interval > options_.stats_interval.zero()) {
      stats_.start_after(options_.stats_interval);
    }
    if (options_.watch_interval > options_.watch_interval.zero()) {
      watch_.start_after(options_.watch_interval);
    }
    if (options_.alive_interval > options_.alive_interval.zero()) tell_alive();
    if (const auto error = loop_.run()) return failed_server("the event loop has failed", error);
    return {};
  }

 private:
  // The first signal drains, the second does not wait for it.
  void end() {
    if (std::exchange(is_ending_, true)) {
      manager_.close_all();
    } else {
      observer_.on_ending();
      manager_.drain([this] { loop_.stop(); });
    }
  }

  [[nodiscard]] Metrics look() {
    Metrics now{.counters = manager_.counters(), .has_loops = true};
    if constexpr (requires { Manager::takes_datagrams; }) now.are_datagrams = true;
    add_measures(loop_, now.loops);
    if constexpr (requires { manager_.add_measures_to(now.loops); }) {
      manager_.add_measures_to(now.loops);
    }
    return now;
  }

  void report() {
    observer_.on_counters(manager_.counters());
    stats_.start_after(options_.stats_interval);
  }

  void tell_state() {
    ServerState state{.is_ending = is_ending_, .counters = manager_.counters()};
    if constexpr (requires { manager_.describe_parts(); }) state.parts = manager_.describe_parts();
    observer_.on_state(state);
  }

  void tell_watch() {
    observer_.on_watch(manager_.counters());
    watch_.start_after(options_.watch_interval);
  }

  void tell_alive() {
    observer_.on_alive();
    alive_.start_after(options_.alive_interval);
  }

  EventLoop& loop_;
  Manager& manager_;
  ServerObserver& observer_;
  SignalWatch terminate_;
  SignalWatch interrupt_;
  SignalWatch ask_;
  Timer stats_;
  Timer watch_;
  Timer alive_;
  std::optional<MetricsServer> metrics_;
  const ServerOptions& options_;
  bool is_ending_ = false;
};

}  // namespace polymux
