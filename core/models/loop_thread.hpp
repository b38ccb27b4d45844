#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <future>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <vector>

#include <polymux/loop/event_loop.hpp>
#include <polymux/models/server_model.hpp>

#include "core/models/loop_measures.hpp"
#include "core/service/connection_pool.hpp"
#include "core/service/live_counters.hpp"
#include "core/service/pool_manager.hpp"
#include "platform/listener.hpp"
#include "platform/unique_fd.hpp"

namespace polymux {

/// A thread that has a loop and serves connections in it.
///
/// \par Threads  That of whoever owns it, unless said otherwise.
class LoopThread {
 public:
  /// Called in this thread, when its loop has failed.
  using OnFailure = std::function<void()>;

  /// All that is given must outlive it.
  LoopThread(Service& service, const ServerOptions& options, CounterTable table,
             OnFailure on_failure);
  LoopThread(const LoopThread&) = delete;
  LoopThread& operator=(const LoopThread&) = delete;
  /// Closes every connection at once.
  ~LoopThread();

  /// Once. Waits until it serves; throws `std::system_error` if there can be no thread.
  [[nodiscard]] ServerOutcome start();

  /// Has it accept clients by itself. Waits until it does.
  [[nodiscard]] ListenResult listen(std::vector<Listener> listeners);

  /// Gives it a client. Throws `std::bad_alloc`.
  void hand_over(UniqueFd client);

  /// Of its loop, if the options ask for metrics. Any thread.
  [[nodiscard]] const LoopMeasures& measures() const noexcept { return measures_; }

  /// Why its loop has failed, if it has. Any thread.
  [[nodiscard]] std::error_code failure() const noexcept {
    return has_failed_ ? failure_ : std::error_code{};
  }

  /// The clients that it has and those that it will have.
  [[nodiscard]] std::size_t load() const noexcept;

  /// As `ConnectionManager` has it, after those who were handed over before. `when_gone` is called
  /// in this thread.
  void drain(std::function<void()> when_gone);
  void close_all();

 private:
  void run(std::promise<ServerOutcome>& started);
  void run_loop(EventLoop& loop) noexcept;
  void take_in();

  Service& service_;
  const ServerOptions& options_;
  CounterTable table_;
  LoopMeasures measures_;
  OnFailure on_failure_;
  /// Of the thread, from `start` until `may_end_`.
  EventLoop* loop_ = nullptr;
  PoolManager<ConnectionPool>* connections_ = nullptr;
  /// Written before `has_failed_`.
  std::error_code failure_;
  std::atomic<bool> has_failed_{false};
  std::promise<void> may_end_;
  std::mutex mutex_;
  /// Those who were handed over and not yet taken in.
  std::vector<UniqueFd> waiting_;
  std::atomic<std::size_t> waiting_count_{0};
  std::thread thread_;
};

}  // namespace polymux
