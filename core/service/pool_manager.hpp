#pragma once

#include <chrono>
#include <functional>
#include <string_view>
#include <system_error>
#include <utility>

#include <polymux/loop/event_loop.hpp>
#include <polymux/loop/timer.hpp>
#include <polymux/service/connection_manager.hpp>
#include <polymux/service/connection_options.hpp>
#include <polymux/service/service.hpp>

#include "core/service/acceptor_group.hpp"
#include "core/service/live_counters.hpp"
#include "platform/descriptors.hpp"
#include "platform/unique_fd.hpp"

namespace polymux {

/// What `ConnectionManager` offers, over any pool of connections: it accepts for the pool, and ends
/// it in peace. The pool has `admit`, `begin_drain`, `close_all` and `is_empty`, as
/// `ConnectionPool` has them.
///
/// A server of several loops has one for each: they count side by side, and share
/// `max_connections`.
template <class Pool>
class PoolManager final {
 public:
  using Callback = ConnectionManager::Callback;

  /// \param table  Where it counts. Outlives it.
  PoolManager(EventLoop& loop, Service& service, const ConnectionOptions& options,
              CounterTable table)
      : table_(table),
        max_connections_(options.max_connections),
        drain_timeout_(options.drain_timeout),
        pool_(loop, service, options, table.own_row(), [this] { on_closed(); }),
        acceptors_(loop, table, [this](UniqueFd client) { take_in(std::move(client)); }),
        end_of_drain_(loop, [this] { finish_drain(); }) {}
  PoolManager(const PoolManager&) = delete;
  PoolManager& operator=(const PoolManager&) = delete;
  ~PoolManager() = default;

  [[nodiscard]] ListenResult listen(std::string_view text) { return acceptors_.listen(text); }
  [[nodiscard]] ListenResult listen_on(int socket) { return acceptors_.listen_on(socket); }
  [[nodiscard]] std::error_code adopt(UniqueFd socket) noexcept;
  void drain(Callback when_gone);
  /// As `drain`, where others serve on and nobody is in a hurry: a client is let go after a second
  /// of silence, by when one that asks all the time has asked. A `drain` may follow.
  void retire(Callback when_gone);
  void close_all() noexcept;
  [[nodiscard]] ConnectionCounters counters() const noexcept { return table_.own_row().read(); }

  /// Serves, or refuses, a client that was accepted by somebody else.
  void take_in(UniqueFd client) noexcept;

  [[nodiscard]] Pool& pool() noexcept { return pool_; }
  [[nodiscard]] AcceptorGroup& acceptors() noexcept { return acceptors_; }

 private:
  /// For who has a seat.
  [[nodiscard]] std::error_code admit(UniqueFd socket) noexcept;
  /// What is to be done before and after the pool begins to drain.
  void expect_end(Callback when_gone);
  void stop_accepting() noexcept;
  void on_closed() noexcept;
  void finish_drain();

  CounterTable table_;
  std::size_t max_connections_;
  std::chrono::nanoseconds drain_timeout_;
  Pool pool_;
  AcceptorGroup acceptors_;
  /// Active from `drain` until its callback: fires when all are gone or the time is over.
  Timer end_of_drain_;
  Callback when_gone_;
};

template <class Pool>
std::error_code PoolManager<Pool>::adopt(UniqueFd socket) noexcept {
  if (!table_.take_seat(max_connections_)) {
    return std::make_error_code(std::errc::too_many_files_open);
  }
  return admit(std::move(socket));
}

template <class Pool>
std::error_code PoolManager<Pool>::admit(UniqueFd socket) noexcept {
  auto error = set_nonblocking(socket.get());
  if (!error) error = set_close_on_exec(socket.get());
  if (!error) error = pool_.admit(std::move(socket));
  if (error) table_.leave_seat();
  return error;
}

template <class Pool>
void PoolManager<Pool>::take_in(UniqueFd client) noexcept {
  if (!table_.take_seat(max_connections_)) return;
  if (pool_.admit(std::move(client))) {
    table_.leave_seat();
    ++table_.own_row().accept_errors;
  }
}

template <class Pool>
void PoolManager<Pool>::on_closed() noexcept {
  acceptors_.wake();
  // Set anew, which allocates nothing for a timer that is active.
  if (pool_.is_empty() && end_of_drain_.is_active())
    end_of_drain_.start_after(std::chrono::nanoseconds::zero());
}

template <class Pool>
void PoolManager<Pool>::drain(Callback when_gone) {
  expect_end(std::move(when_gone));
  pool_.begin_drain();
  stop_accepting();
}

template <class Pool>
void PoolManager<Pool>::retire(Callback when_gone) {
  expect_end(std::move(when_gone));
  pool_.begin_drain(std::chrono::seconds(1));
  stop_accepting();
}

template <class Pool>
void PoolManager<Pool>::expect_end(Callback when_gone) {
  when_gone_ = std::move(when_gone);
  end_of_drain_.start_after(drain_timeout_);
}

template <class Pool>
void PoolManager<Pool>::stop_accepting() noexcept {
  acceptors_.finish();
  if (pool_.is_empty()) end_of_drain_.start_after(std::chrono::nanoseconds::zero());
}

template <class Pool>
void PoolManager<Pool>::finish_drain() {
  const auto when_gone = std::exchange(when_gone_, nullptr);
  close_all();
  // The last step: it may destroy this.
  if (when_gone) when_gone();
}

template <class Pool>
void PoolManager<Pool>::close_all() noexcept {
  acceptors_.close();
  pool_.close_all();
}

}  // namespace polymux
