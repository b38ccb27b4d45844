#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <system_error>

#include <polymux/loop/watcher.hpp>

#include "core/service/connection_list.hpp"
#include "core/service/piece.hpp"
#include "platform/socket_io.hpp"
#include "platform/unique_fd.hpp"

namespace polymux {

class ConnectionPool;

/// One client. Kept small, for there may be very many: an idle one owns no buffer and no timer.
class Connection final : public Watcher, public ConnectionHook {
 public:
  using Clock = std::chrono::steady_clock;

  /// Where in its life; each state has a list of its own in the pool.
  enum class Phase : std::uint8_t {
    serving,
    /// The server drains, and nothing is left to send to this client.
    quiet,
    /// Was told that no more will come; what it still sends is thrown away.
    lingering,
  };

  explicit Connection(ConnectionPool& pool) noexcept;
  /// Closes the socket.
  ~Connection() override;

  /// Begins to serve the socket. Closed if that fails.
  [[nodiscard]] std::error_code open(UniqueFd socket) noexcept;

  enum class Outcome : std::uint8_t {
    /// Nothing to do at this moment.
    idle,
    /// Bytes have moved, and the pool has been told.
    progress,
    /// The pool has to close it.
    over,
  };

  /// Does what can be done at this moment.
  [[nodiscard]] Outcome advance() noexcept;

  /// Tells the client that no more will come. False if it has gone already.
  [[nodiscard]] bool end_sending() noexcept;

  [[nodiscard]] bool has_pending() const noexcept { return pending_ != nullptr; }

  /// For an `AnswersLater`: sends what a piece holds now to whom it belongs. One that nobody waits
  /// for is destroyed.
  static void take_back(Piece& piece) noexcept;

  /// The pool's bookkeeping.
  Phase phase = Phase::serving;
  Clock::time_point last_activity{};

 private:
  void on_ready(Ready ready) override;
  [[nodiscard]] Outcome advance_at_once() noexcept;
  [[nodiscard]] Outcome serve() noexcept;
  [[nodiscard]] Outcome flush() noexcept;
  [[nodiscard]] Outcome discard() noexcept;
  [[nodiscard]] bool answer(std::span<char> bytes) noexcept;
  /// Has the bytes answered by another.
  [[nodiscard]] bool hand_out(std::span<const char> bytes, AnswersLater& other) noexcept;
  void on_answered() noexcept;
  [[nodiscard]] bool keep(std::span<const char> rest) noexcept;
  /// What a read or write that moved nothing means for the connection.
  [[nodiscard]] Outcome judge(IoStatus status, Outcome if_blocked) noexcept;

  ConnectionPool* pool_;
  /// While there is one, the client is not read from.
  std::unique_ptr<Piece> pending_;
};

}  // namespace polymux
