#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <span>
#include <system_error>
#include <vector>

#include <polymux/loop/event_loop.hpp>
#include <polymux/loop/timer.hpp>
#include <polymux/service/connection_options.hpp>
#include <polymux/service/service.hpp>

#include "core/loop/turn_end.hpp"
#include "core/service/connection.hpp"
#include "core/service/connection_list.hpp"
#include "core/service/live_counters.hpp"
#include "core/service/piece.hpp"
#include "platform/unique_fd.hpp"

namespace polymux {

/// The open connections of one loop, and what they share: service, scratch buffer, counters and the
/// one timer that looks after all of them.
///
/// Each connection is in the list of its phase, ordered by last activity: whoever has to be seen to
/// next is at the front of a list.
class ConnectionPool final : private TurnEnd {
 public:
  using Clock = Connection::Clock;

  /// \param on_close  Called after each connection that is closed.
  /// \param counters  Where it counts. Outlive it.
  ConnectionPool(EventLoop& loop, Service& service, const ConnectionOptions& options,
                 LiveCounters& counters, std::function<void()> on_close);
  ConnectionPool(const ConnectionPool&) = delete;
  ConnectionPool& operator=(const ConnectionPool&) = delete;
  ~ConnectionPool() override;

  /// Serves a connected socket, for which a seat was taken. After an error it is closed, and the
  /// seat is the caller's to leave.
  [[nodiscard]] std::error_code admit(UniqueFd socket) noexcept;

  /// How long a client must be silent before a server that drains takes it to be done.
  static constexpr std::chrono::nanoseconds shortest_grace = std::chrono::milliseconds(100);

  /// From now on a client is let go once it has been silent for so long and has taken all of its
  /// answers.
  void begin_drain(std::chrono::nanoseconds grace = shortest_grace) noexcept;

  void close_all() noexcept;

  [[nodiscard]] bool is_empty() const noexcept { return counters_.active.get() == 0; }

  /// Has what clients send answered elsewhere, by one that outlives the pool, instead of by the
  /// service at once. Before the first client.
  void answer_by(AnswersLater& elsewhere) noexcept { elsewhere_ = &elsewhere; }

  /// For connections.
  [[nodiscard]] AnswersLater* elsewhere() const noexcept { return elsewhere_; }
  [[nodiscard]] EventLoop& loop() const noexcept { return loop_; }
  [[nodiscard]] Service& service() const noexcept { return service_; }
  [[nodiscard]] LiveCounters& counters() noexcept { return counters_; }
  /// Where to read to: never more than may be kept.
  [[nodiscard]] std::span<char> room() noexcept { return scratch_; }
  /// Bytes have moved. When that was is noted at the end of the turn, for all at once: the clock is
  /// read once a turn, and no one is taken to be silent for longer than he was.
  void touch(Connection& connection) noexcept {
    if (is_draining_) return touch_in_drain(connection);
    put_last(connection, Phase::serving);
    request();
  }
  /// Destroys it.
  void close(Connection& connection) noexcept;

 private:
  using Phase = Connection::Phase;
  static constexpr std::array phases{Phase::serving, Phase::quiet, Phase::lingering};
  static constexpr auto unknown = Clock::time_point::max();

  [[nodiscard]] ConnectionList& list_of(Phase phase) noexcept {
    return lists_[static_cast<std::size_t>(phase)];
  }
  /// When the first of a phase has to be seen to; never if there is none.
  [[nodiscard]] Clock::time_point deadline(Phase phase) noexcept;
  /// Last in the list of that phase, active at a moment that is not known yet.
  void put_last(Connection& connection, Phase phase) noexcept {
    connection.phase = phase;
    connection.last_activity = unknown;
    list_of(phase).push_back(connection);
  }
  void enter(Connection& connection, Phase phase) noexcept;
  void touch_in_drain(Connection& connection) noexcept;
  void on_turn_end() noexcept override;
  /// The moment of those whose moment is not known.
  void note_activity(Clock::time_point now) noexcept;
  void sweep() noexcept;
  void expire(Connection& connection) noexcept;
  /// Sees to it that the sweeper fires by the next deadline. False for want of memory.
  [[nodiscard]] bool schedule() noexcept;

  EventLoop& loop_;
  Service& service_;
  AnswersLater* elsewhere_ = nullptr;
  ConnectionOptions options_;
  std::function<void()> on_close_;
  LiveCounters& counters_;
  std::vector<char> scratch_;
  std::array<ConnectionList, phases.size()> lists_;
  bool is_draining_ = false;
  std::chrono::nanoseconds grace_ = shortest_grace;
  Timer sweeper_;
};

}  // namespace polymux
