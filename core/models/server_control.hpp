#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <system_error>
#include <thread>
#include <utility>

#include <polymux/models/server_model.hpp>

#include "core/models/ending.hpp"
#include "core/models/server_counters.hpp"
#include "platform/signal_wait.hpp"

namespace polymux {

/// The signals of a server without a loop, and what it does by the clock: SIGTERM and SIGINT make
/// it drain and then stop, the drain has an end, and the counters are told.
///
/// \par Threads  Made by the first thread before the others, see `SignalWait`. One waits.
class ServerControl {
 public:
  using Clock = std::chrono::steady_clock;

  /// What has come of a wait.
  enum class Event : std::uint8_t {
    /// The drain has begun.
    drain,
    /// Everything is to be closed.
    stop,
    /// Children have ended.
    children,
    /// The time, or nothing in particular.
    time,
  };

  /// The others must outlive it.
  ServerControl(const ServerOptions& options, ServerObserver& observer,
                const ServerCounters& counters, Ending& ending) noexcept
      : options_(options), observer_(observer), counters_(counters), ending_(ending) {}

  /// Opens the ending, and from now on the signals wait to be taken.
  [[nodiscard]] std::error_code open() noexcept;

  /// The counters are told from now on.
  void begin() noexcept;

  /// Waits for what comes next, until `wake` at the latest, and does its own part of it.
  [[nodiscard]] Event wait(Clock::time_point wake = Clock::time_point::max());

  /// In a child: ends with its parent, or when its parent says so; it is not concerned by SIGTERM
  /// and SIGINT, which a terminal or a service manager sends to all of them.
  void become_child() noexcept;

 private:
  [[nodiscard]] Event end();
  [[nodiscard]] Event look_at_clock();

  const ServerOptions& options_;
  ServerObserver& observer_;
  const ServerCounters& counters_;
  Ending& ending_;
  SignalWait signals_;
  bool is_draining_ = false;
  Clock::time_point next_report_ = Clock::time_point::max();
  Clock::time_point next_watch_ = Clock::time_point::max();
  Clock::time_point next_alive_ = Clock::time_point::max();
  Clock::time_point end_of_drain_ = Clock::time_point::max();
};

/// A thread that does nothing but `ServerControl::wait`, while others serve.
class ControlThread {
 public:
  using Callback = std::function<void(ServerControl::Event)>;

  /// \param on_event  Called by the thread after each wait.
  ControlThread(ServerControl& control, Callback on_event)
      : control_(control), on_event_(std::move(on_event)) {}
  explicit ControlThread(ServerControl& control)
      : ControlThread(control, [](ServerControl::Event /*event*/) {}) {}
  ControlThread(const ControlThread&) = delete;
  ControlThread& operator=(const ControlThread&) = delete;
  ~ControlThread();

  [[nodiscard]] std::error_code start() noexcept;

 private:
  ServerControl& control_;
  Callback on_event_;
  std::atomic<bool> is_over_{false};
  std::thread thread_;
};

}  // namespace polymux
