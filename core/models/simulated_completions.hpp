#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <system_error>
#include <vector>

#include <polymux/loop/event_loop.hpp>
#include <polymux/loop/timer.hpp>

#include "core/models/done_queue.hpp"
#include "core/service/connection_list.hpp"
#include "platform/completion_ring.hpp"

namespace polymux {

/// Completions that are made of readiness, on any poller, as Asio makes them on Unix: what is
/// handed over is tried, and what has to wait is tried again when the loop says that its socket is
/// ready. All of it happens in `enter`, and in the loop's thread.
///
/// It has no descriptor: the loop calls back.
class SimulatedCompletions final : public CompletionRing {
 public:
  using News = std::function<void()>;

  /// The loop must outlive it. Throws `std::bad_alloc`.
  /// \param piece    So many bytes are received at once, at most.
  /// \param on_news  There is something to `enter` or to `take`, and it is not quiet. May make
  ///                 requests, forget sockets and enter, but not destroy this.
  SimulatedCompletions(EventLoop& loop, std::size_t piece, News on_news);
  ~SimulatedCompletions() override;

  [[nodiscard]] int fd() const noexcept override { return -1; }
  void acknowledge() noexcept override {}
  void rouse() noexcept override;
  void set_quiet(bool is_quiet) noexcept override { is_quiet_ = is_quiet; }

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

  void hand_over(const Request& request) noexcept;
  void end_request(Tag what, Tag tag) noexcept;
  /// Null for want of memory.
  [[nodiscard]] Socket* socket_of(int fd) noexcept;
  void on_ready(Socket& socket) noexcept;
  void attempt(Socket& socket) noexcept;
  void try_accept(Socket& socket) noexcept;
  void try_receive(Socket& socket) noexcept;
  void try_send(Socket& socket) noexcept;
  void end_all() noexcept;
  /// Room for two completions more, which is what a request has at once, at most.
  [[nodiscard]] bool has_place() const noexcept;
  void complete(Tag tag, int result) noexcept;
  void tell() const;

  EventLoop& loop_;
  std::size_t piece_;
  News on_news_;
  std::unique_ptr<char[]> memory_;
  /// The pieces that are not in use; the last one was used last.
  std::vector<std::span<char>> free_;
  std::vector<Request> requests_;
  DoneQueue done_;
  /// By their numbers.
  std::vector<std::unique_ptr<Socket>> sockets_;
  /// Those that are to be tried.
  ConnectionList ready_;
  Timer rouser_;
  bool is_quiet_ = false;
  bool has_ended_ = false;
};

}  // namespace polymux
