#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <span>
#include <system_error>
#include <vector>

#include <polymux/coroutine/time_limit.hpp>
#include <polymux/loop/event_loop.hpp>
#include <polymux/service/connection_options.hpp>
#include <polymux/service/service.hpp>

#include "core/models/coroutine_client.hpp"
#include "core/service/connection_list.hpp"
#include "core/service/live_counters.hpp"
#include "platform/unique_fd.hpp"

namespace polymux {

/// The clients of one loop, each with a task of its own, and what they share. It does what
/// `ConnectionPool` does; each client sees to its own time-outs, by the limits that it waits with.
class CoroutinePool {
 public:
  /// How long a client must be silent before a server that drains takes it to be done.
  static constexpr auto drain_grace = std::chrono::milliseconds(100);

  /// \param counters  Where it counts. Outlive it.
  /// \param on_close  Called after each client that is closed.
  CoroutinePool(EventLoop& loop, Service& service, const ConnectionOptions& options,
                LiveCounters& counters, std::function<void()> on_close);
  CoroutinePool(const CoroutinePool&) = delete;
  CoroutinePool& operator=(const CoroutinePool&) = delete;
  ~CoroutinePool();

  /// Serves a connected socket, for which a seat was taken. After an error it is closed, and the
  /// seat is the caller's to leave.
  [[nodiscard]] std::error_code admit(UniqueFd socket) noexcept;

  /// From now on a client is let go once it is silent and has taken all of its answers.
  void begin_drain() noexcept;

  void close_all() noexcept;

  [[nodiscard]] bool is_empty() const noexcept { return counters_.active.get() == 0; }

  /// For clients.
  [[nodiscard]] EventLoop& loop() const noexcept { return loop_; }
  [[nodiscard]] Service& service() const noexcept { return service_; }
  [[nodiscard]] LiveCounters& counters() noexcept { return counters_; }
  [[nodiscard]] bool is_draining() const noexcept { return is_draining_; }
  /// Where to read to, until the next wait: never more than may be kept.
  [[nodiscard]] std::span<char> room() noexcept { return scratch_; }
  /// How long no byte may move.
  [[nodiscard]] TimeLimit idle_limit() const noexcept;
  /// How long to wait for a client's next word.
  [[nodiscard]] TimeLimit patience() const noexcept;
  /// Destroys it.
  void close(CoroutineClient& client) noexcept;

 private:
  EventLoop& loop_;
  Service& service_;
  ConnectionOptions options_;
  std::function<void()> on_close_;
  LiveCounters& counters_;
  std::vector<char> scratch_;
  ConnectionList clients_;
  bool is_draining_ = false;
};

}  // namespace polymux
