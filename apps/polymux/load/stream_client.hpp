#pragma once

#include <cstdint>
#include <span>

#include "client.hpp"
#include "platform/socket_io.hpp"
#include "random.hpp"
#include "window.hpp"

namespace load {

/// A connection of TCP or of a Unix-domain socket. What goes each way is one piece of the payload
/// without end; where a request ends is known to this end alone.
class StreamClient final : public Client {
 public:
  StreamClient(Worker& worker, std::uint64_t number, Role role);

  void open(Instant now) override;
  [[nodiscard]] bool has_room() const noexcept override {
    return !window_.is_full() &&
           (state_ == State::ready || (reconnects_ && state_ == State::closed));
  }
  void ask(Instant since, Instant now) override;
  void flush(Instant now) override;
  void greet(Instant now) override;
  void sweep(Instant now) override;
  void give_up(Failure why) override;
  [[nodiscard]] bool is_open() const noexcept override { return state_ == State::ready; }

 private:
  enum class State : std::uint8_t {
    closed,
    /// Closed because of a failure; not to be opened yet.
    resting,
    /// The queue of a Unix-domain socket is full; tried again before long.
    queueing,
    connecting,
    /// Waits for the answer to a byte that belongs to no request.
    greeting,
    ready,
  };

  void on_ready(polymux::Ready ready) override;
  void begin_to_connect(Instant now);
  void finish_connecting();
  void become_ready(Instant now);
  void receive();
  void judge(polymux::IoStatus status);
  /// False if it failed, and with it the connection.
  [[nodiscard]] bool check(std::span<const char> bytes);
  [[nodiscard]] bool send_more();
  void fail_by_system(const std::error_code& error);
  void fail(Failure why);
  void close() noexcept;

  Window window_;
  Random random_;
  /// Positions in the payload: up to where was asked for, sent and received.
  std::uint64_t asked_ = 0;
  std::uint64_t sent_ = 0;
  std::uint64_t received_ = 0;
  std::uint64_t began_ = 0;
  /// When connecting or greeting began.
  Instant since_{};
  State state_ = State::closed;
  /// The server has answered on this connection, or need not have.
  bool is_accepted_ = false;
  bool reconnects_;
};

}  // namespace load
