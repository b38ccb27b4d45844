#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <system_error>
#include <vector>

#include <polymux/loop/event_loop.hpp>
#include <polymux/loop/signal_watch.hpp>

#include "core/models/done_queue.hpp"
#include "core/models/simulated_completions.hpp"
#include "platform/completion_ring.hpp"

namespace polymux {

/// Completions by POSIX AIO: to receive, and to wait for room to send, are requests of the system's
/// library, each in a thread of its own while it waits. It knows no request to accept, nor one that
/// does not wait: those are simulated.
///
/// Sockets are made blocking. `receive` is given memory when it is asked for, and not when bytes
/// come. A request that was begun cannot be cancelled (EALREADY), but ends when its socket is shut
/// down.
class AioCompletions final : public CompletionRing {
 public:
  /// As `SimulatedCompletions`.
  /// \param most_sockets  That are received from or sent to at a time: each has a thread then.
  AioCompletions(EventLoop& loop, std::size_t piece, std::size_t most_sockets,
                 SimulatedCompletions::News on_news);
  ~AioCompletions() override;

  /// Before anything else. Throws `std::bad_alloc`.
  [[nodiscard]] std::error_code open();

  [[nodiscard]] int fd() const noexcept override { return -1; }
  void acknowledge() noexcept override {}
  void rouse() noexcept override { others_.rouse(); }
  void set_quiet(bool is_quiet) noexcept override;

  [[nodiscard]] bool has_room() const noexcept override;
  void accept(int listener, Tag tag) noexcept override;
  void receive(int socket, std::size_t most, Tag tag) noexcept override;
  void send(int socket, std::span<const char> bytes, Patience patience, Tag tag) noexcept override;
  void cancel(Tag what, Tag tag) noexcept override;
  void forget(int socket) noexcept override;

  [[nodiscard]] bool needs_enter() const noexcept override;
  [[nodiscard]] bool has_news() const noexcept override;
  [[nodiscard]] std::error_code enter() noexcept override;
  [[nodiscard]] bool take(Completion& completion) noexcept override;
  void give_back(std::span<char> bytes) noexcept override;

  void end() noexcept override;

 private:
  struct Request;
  /// One that had a request, until it is forgotten.
  class Socket;

  void on_signal();
  void hand_over(const Request& request) noexcept;
  void begin_receiving(const Request& request) noexcept;
  void begin_sending(const Request& request) noexcept;
  void end_request(const Request& request) noexcept;
  /// Null for want of memory.
  [[nodiscard]] Socket* socket_of(int fd) noexcept;
  void collect() noexcept;
  void collect(Socket& socket) noexcept;
  void complete(Tag tag, int result, std::span<char> bytes = {}) noexcept;

  SimulatedCompletions::News on_news_;
  SimulatedCompletions others_;
  SignalWatch watch_;
  std::size_t piece_;
  /// Pieces of memory.
  std::size_t places_;
  std::unique_ptr<char[]> memory_;
  std::vector<std::span<char>> free_;
  std::vector<Request> requests_;
  /// What was asked for since it was entered, of the others too.
  std::size_t asked_ = 0;
  DoneQueue done_;
  /// By their numbers.
  std::vector<std::unique_ptr<Socket>> sockets_;
  /// Some request is done.
  bool is_due_ = false;
  bool is_quiet_ = false;
  bool has_ended_ = false;
};

}  // namespace polymux
