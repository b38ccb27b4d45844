#pragma once

#include <chrono>
#include <cstdint>
#include <span>

#include <polymux/poller/event.hpp>
#include <polymux/service/connection_options.hpp>
#include <polymux/service/service.hpp>

#include "core/models/server_counters.hpp"
#include "platform/socket_io.hpp"
#include "platform/unique_fd.hpp"

namespace polymux {

/// One client of a server without a loop: what to do for it next, what to wait for, and how long.
/// It never blocks, and leaves it to its owner how to wait. The rules are those of
/// `ConnectionManager`.
///
/// Allocates nothing and takes no lock, so that a child of a process with threads can use it.
class ClientSession {
 public:
  using Clock = std::chrono::steady_clock;

  enum class Outcome : std::uint8_t {
    /// Nothing to do at this moment.
    idle,
    /// Bytes have moved.
    progress,
    /// It is to be destroyed.
    over,
  };

  /// The others must outlive it.
  ClientSession(UniqueFd socket, Service& service, const ConnectionOptions& options,
                ServerCounters& counters) noexcept;

  [[nodiscard]] int fd() const noexcept { return socket_.get(); }
  /// What `advance` waits for.
  [[nodiscard]] Interest interest() const noexcept {
    return has_pending() ? Interest::write : Interest::read;
  }
  /// When to call `expire`, if nothing has moved until then.
  [[nodiscard]] Clock::time_point deadline() const noexcept;

  /// Does what can be done at this moment. `room` is where to read to, and must stay as it is while
  /// `has_pending`, for the rest of the answer may be there.
  [[nodiscard]] Outcome advance(std::span<char> room) noexcept;

  /// The time is over: says what comes of it.
  [[nodiscard]] Outcome expire() noexcept;

  /// The server ends: the client is let go once it is silent and has taken all of its answers.
  void begin_drain() noexcept;

  /// An answer, or a part of one, that the client has not taken yet.
  [[nodiscard]] bool has_pending() const noexcept { return !pending_.empty(); }
  [[nodiscard]] std::span<const char> pending() const noexcept { return pending_; }
  /// The same bytes are now there, and `room` is free again.
  void move_pending(const char* to) noexcept { pending_ = {to, pending_.size()}; }

 private:
  enum class Phase : std::uint8_t {
    serving,
    /// The server drains, and nothing is left to send.
    quiet,
    /// Was told that no more will come; what it still sends is thrown away.
    lingering,
  };

  void enter(Phase phase) noexcept;
  void touch() noexcept;
  [[nodiscard]] Outcome serve(std::span<char> room) noexcept;
  [[nodiscard]] Outcome flush() noexcept;
  [[nodiscard]] Outcome discard(std::span<char> room) noexcept;
  [[nodiscard]] bool answer(std::span<char> bytes) noexcept;
  [[nodiscard]] Outcome judge(IoStatus status, Outcome if_blocked) noexcept;

  UniqueFd socket_;
  Phase phase_ = Phase::serving;
  bool is_draining_ = false;
  std::span<const char> pending_{};
  Clock::time_point last_activity_ = Clock::now();
  Service& service_;
  const ConnectionOptions& options_;
  ServerCounters& counters_;
};

}  // namespace polymux
