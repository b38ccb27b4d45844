#pragma once

#include <cstdint>

#include <polymux/polymux.hpp>

#include "clock.hpp"
#include "connecting.hpp"
#include "failure.hpp"
#include "platform/unique_fd.hpp"

namespace load {

class Worker;

/// One connection to the server, busy or idle, as its worker sees it.
class Client : public polymux::Watcher {
 public:
  enum class Role : std::uint8_t { busy, idle };

  Client(Worker& worker, std::uint64_t number, Role role) noexcept;
  /// Closes the socket.
  ~Client() override;

  /// Begins to connect. The worker is told what comes of it.
  virtual void open(Instant now) = 0;
  /// One more request could be handed to it.
  [[nodiscard]] virtual bool has_room() const noexcept = 0;
  /// Takes over a request that waits since `since`; `flush` sends it.
  virtual void ask(Instant since, Instant now) = 0;
  virtual void flush(Instant now) = 0;
  /// Sends one byte that belongs to no request; the worker is told of the answer.
  virtual void greet(Instant now) = 0;
  /// Looks for what has taken too long, and opens again what was closed.
  virtual void sweep(Instant now) = 0;
  /// Closes, and gives up the requests that wait.
  virtual void give_up(Failure why) = 0;
  [[nodiscard]] virtual bool is_open() const noexcept = 0;

  [[nodiscard]] Role role() const noexcept { return role_; }
  [[nodiscard]] std::uint64_t number() const noexcept { return number_; }

  /// The worker's list of those that have room.
  Client* next_free = nullptr;
  bool is_free = false;
  /// The worker waits for its answer at the end.
  bool is_checked = false;

 protected:
  [[nodiscard]] Worker& worker() const noexcept { return worker_; }
  [[nodiscard]] Route route(Transport transport) const noexcept;
  /// Opens the socket and watches it.
  [[nodiscard]] std::error_code connect(Transport transport, polymux::Interest interest);
  void close_socket() noexcept;

  /// After a failure: not at once again, and the longer the oftener it happens.
  void rest(Instant now) noexcept;
  void be_well() noexcept { failures_ = 0; }
  [[nodiscard]] bool is_resting(Instant now) const noexcept { return now < rests_until_; }

 private:
  Worker& worker_;
  std::uint64_t number_;
  Instant rests_until_{};
  std::uint8_t failures_ = 0;
  Role role_;
};

}  // namespace load
