#pragma once

#include <future>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <polymux/loop/event_loop.hpp>
#include <polymux/models/server_model.hpp>

#include "core/models/metrics_server.hpp"
#include "platform/listener.hpp"

namespace polymux {

/// Answers who asks for metrics, in a thread of its own, for a server that has no loop.
///
/// \par Threads  One makes, starts and destroys it. `Source` is called by the thread.
class MetricsThread {
 public:
  explicit MetricsThread(MetricsServer::Source source) : source_(std::move(source)) {}
  MetricsThread(const MetricsThread&) = delete;
  MetricsThread& operator=(const MetricsThread&) = delete;
  /// Ends it.
  ~MetricsThread();

  /// Binds; as `ConnectionManager::listen`.
  [[nodiscard]] ListenResult listen(std::string_view address);

  /// Once, after `listen`. Waits until it answers.
  [[nodiscard]] ServerOutcome start();

 private:
  void run(std::promise<ServerOutcome>& started);

  MetricsServer::Source source_;
  std::vector<Listener> listeners_;
  /// Of the thread, from `start` until `may_end_`.
  EventLoop* loop_ = nullptr;
  std::promise<void> may_end_;
  std::thread thread_;
};

}  // namespace polymux
