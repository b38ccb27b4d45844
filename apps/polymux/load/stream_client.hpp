#pragma once

#include <cstdint>
#include <span>
#include <system_error>

#include "client.hpp"
#include "payload.hpp"
#include "random.hpp"
#include "window.hpp"

namespace load {

/// A connection of TCP or of a Unix-domain socket. What goes each way is one piece of the payload
/// without end; where a request ends is known to this end alone.
///
/// How bytes are carried is another's, who derives from it: by readiness or by completions.
class StreamClient : public Client {
 public:
  StreamClient(Worker& worker, std::uint64_t number, Role role);

  void open(Instant now) final;
  [[nodiscard]] bool has_room() const noexcept final {
    return !window_.is_full() &&
           (state_ == State::ready || (reconnects_ && state_ == State::closed));
  }
  void ask(Instant since, Instant now) final;
  void flush(Instant now) final;
  void greet(Instant now) final;
  void sweep(Instant now) final;
  void give_up(Failure why) final;
  [[nodiscard]] bool is_open() const noexcept final { return state_ == State::ready; }

 protected:
  // For who carries.

  [[nodiscard]] bool is_connecting() const noexcept { return state_ == State::connecting; }
  /// To be called when the socket that is watched has become writable.
  void finish_connecting();
  [[nodiscard]] bool has_unsent() const noexcept { return sent_ < asked_; }
  /// What is to be sent next, if there is anything.
  [[nodiscard]] std::span<const char> unsent() const noexcept;
  void note_sent(std::size_t count) noexcept;
  /// Of what was noted so many bytes have not been sent: they are to be sent again.
  void note_unsent(std::size_t count) noexcept;
  /// Judges what came, and does what follows from that.
  void take(std::span<const char> bytes, Instant now);
  /// The server will send no more.
  void end_by_server() { fail(Failure::closed); }
  void fail_by_system(const std::error_code& error);

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

  /// The socket that was watched is connected: receives from it from now on.
  [[nodiscard]] virtual std::error_code begin_to_carry() = 0;
  /// Sends what is unsent, or sees to it. If it fails, so does the connection.
  virtual void send_more() = 0;
  /// Closes the socket, if there is one.
  virtual void let_go() noexcept = 0;

  void begin_to_connect(Instant now);
  void become_ready(Instant now);
  /// False if it failed, and with it the connection.
  [[nodiscard]] bool check(std::span<const char> bytes);
  void fail(Failure why);
  void close() noexcept;
  void start_anew() noexcept;

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
