#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <functional>
#include <span>

#include <polymux/loop/event_loop.hpp>
#include <polymux/loop/timer.hpp>
#include <polymux/service/connection_options.hpp>
#include <polymux/service/service.hpp>

#include "core/models/completion_connection.hpp"
#include "core/models/hungry_queue.hpp"
#include "core/service/connection_list.hpp"
#include "platform/completion_ring.hpp"
#include "platform/unique_fd.hpp"

namespace polymux {

/// The open connections of one ring: what each is asked next, and when it has to go.
/// `ConnectionPool` is the same for readiness.
class CompletionPool {
 public:
  using Clock = CompletionConnection::Clock;

  struct Callbacks {
    /// After each connection that is closed.
    std::function<void()> on_closed;
    /// Before time-outs are judged: takes what has been done meanwhile.
    std::function<void()> catch_up;
    /// After connections were closed, or are to receive, outside of `complete`.
    std::function<void()> hand_over;
  };

  CompletionPool(EventLoop& loop, Service& service, const ConnectionOptions& options,
                 Callbacks callbacks);
  CompletionPool(const CompletionPool&) = delete;
  CompletionPool& operator=(const CompletionPool&) = delete;
  /// The ring must be gone: the kernel has no request left.
  ~CompletionPool();

  void use(CompletionRing& ring) noexcept { ring_ = &ring; }

  /// Serves a connected socket; closes it for want of memory.
  void admit(UniqueFd socket) noexcept;
  /// What came of a request for a connection.
  void complete(const CompletionRing::Completion& done) noexcept;
  /// Makes requests to receive for those who need one, as far as there is room.
  void ask() noexcept;
  /// True if there are such that have to wait for another `ask`.
  [[nodiscard]] bool is_asking() const noexcept { return !hungry_.empty(); }
  /// Notes the moment of what is complete by now.
  void tell_time() noexcept { now_ = Clock::now(); }
  /// Destroys the connections that are closed and have no request left. True if there were any.
  bool bury() noexcept;

  void begin_drain() noexcept;
  void close_all() noexcept;

  [[nodiscard]] bool is_full() const noexcept;
  [[nodiscard]] bool is_empty() const noexcept { return counters_.active == 0; }
  [[nodiscard]] ConnectionCounters& counters() noexcept { return counters_; }

 private:
  using Connection = CompletionConnection;
  using Phase = Connection::Phase;
  static constexpr std::array phases{Phase::serving, Phase::quiet, Phase::lingering};

  void on_received(Connection& connection, const CompletionRing::Completion& done) noexcept;
  void on_sent(Connection& connection, int result) noexcept;
  /// False if it was closed.
  [[nodiscard]] bool answer(Connection& connection, std::span<char> bytes) noexcept;
  [[nodiscard]] static bool keep(std::vector<char>& kept, std::span<const char> bytes) noexcept;
  void go_on(Connection& connection) noexcept;
  void send(Connection& connection, std::span<const char> bytes) noexcept;
  void send_kept(Connection& connection) noexcept;
  void break_off(Connection& connection, int code) noexcept;
  void close(Connection& connection) noexcept;

  [[nodiscard]] ConnectionList& list_of(Phase phase) noexcept {
    return lists_[static_cast<std::size_t>(phase)];
  }
  void touch(Connection& connection) noexcept;
  void enter(Connection& connection, Phase phase) noexcept;
  [[nodiscard]] Clock::time_point deadline(Phase phase) noexcept;
  void sweep() noexcept;
  void expire(Connection& connection) noexcept;
  [[nodiscard]] bool schedule() noexcept;

  Service& service_;
  ConnectionOptions options_;
  Callbacks callbacks_;
  CompletionRing* ring_ = nullptr;
  ConnectionCounters counters_;
  std::array<ConnectionList, phases.size()> lists_;
  /// Closed, but for what the kernel has to finish.
  ConnectionList over_;
  HungryQueue hungry_;
  Clock::time_point now_ = Clock::now();
  bool is_draining_ = false;
  Timer sweeper_;
};

}  // namespace polymux
