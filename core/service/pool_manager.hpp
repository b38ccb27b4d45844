#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <new>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <polymux/loop/event_loop.hpp>
#include <polymux/loop/timer.hpp>
#include <polymux/service/connection_manager.hpp>
#include <polymux/service/connection_options.hpp>
#include <polymux/service/service.hpp>

#include "core/service/acceptor.hpp"
#include "core/service/descriptor_reserve.hpp"
#include "core/service/open_listeners.hpp"
#include "platform/descriptors.hpp"
#include "platform/unique_fd.hpp"

namespace polymux {

/// What `ConnectionManager` offers, over any pool of connections: it accepts for the pool, and ends
/// it in peace. The pool has `admit`, `begin_drain`, `close_all`, `is_full`, `is_empty` and
/// `counters`, as `ConnectionPool` has them.
template <class Pool>
class PoolManager final : public AcceptorOwner {
 public:
  using Callback = ConnectionManager::Callback;

  PoolManager(EventLoop& loop, Service& service, const ConnectionOptions& options)
      : loop_(loop),
        drain_timeout_(options.drain_timeout),
        pool_(loop, service, options, [this] { on_closed(); }),
        retry_(loop, [this] { resume(); }),
        end_of_drain_(loop, [this] { finish_drain(); }) {}
  PoolManager(const PoolManager&) = delete;
  PoolManager& operator=(const PoolManager&) = delete;
  ~PoolManager() = default;

  [[nodiscard]] ListenResult listen(std::string_view text);
  [[nodiscard]] std::error_code adopt(UniqueFd socket) noexcept;
  void drain(Callback when_gone);
  void close_all() noexcept;
  [[nodiscard]] const ConnectionCounters& counters() noexcept { return pool_.counters(); }

 private:
  using nanoseconds = std::chrono::nanoseconds;
  using Acceptors = std::vector<std::unique_ptr<Acceptor>>;

  // How long accepting rests where the system cannot, unless a connection closes before.
  static constexpr auto pause_before_retry = std::chrono::milliseconds(100);

  void on_closed() noexcept;
  void resume() noexcept;
  void finish_drain();

  void on_accepted(UniqueFd client) noexcept override;
  void on_refused() noexcept override { ++pool_.counters().refused_descriptors; }
  void on_accept_error() noexcept override { ++pool_.counters().accept_errors; }
  void on_exhausted() noexcept override;

  EventLoop& loop_;
  nanoseconds drain_timeout_;
  Pool pool_;
  DescriptorReserve reserve_;
  Acceptors acceptors_;
  Timer retry_;
  /// Active from `drain` until its callback: fires when all are gone or the time is over.
  Timer end_of_drain_;
  Callback when_gone_;
};

template <class Pool>
ListenResult PoolManager<Pool>::listen(std::string_view text) {
  std::vector<Listener> listeners;
  auto result = open_listeners(text, listeners);
  Acceptors opened;
  for (auto& listener : listeners) {
    opened.push_back(std::make_unique<Acceptor>(loop_, *this, reserve_, std::move(listener)));
    if (const auto error = opened.back()->open()) {
      return cannot_listen(opened.back()->address(), error);
    }
  }
  for (auto& acceptor : opened) acceptors_.push_back(std::move(acceptor));
  return result;
}

template <class Pool>
std::error_code PoolManager<Pool>::adopt(UniqueFd socket) noexcept {
  if (pool_.is_full()) {
    ++pool_.counters().refused_limit;
    return std::make_error_code(std::errc::too_many_files_open);
  }
  if (const auto error = set_nonblocking(socket.get())) return error;
  if (const auto error = set_close_on_exec(socket.get())) return error;
  return pool_.admit(std::move(socket));
}

template <class Pool>
void PoolManager<Pool>::on_accepted(UniqueFd client) noexcept {
  if (pool_.is_full()) {
    ++pool_.counters().refused_limit;
  } else if (pool_.admit(std::move(client))) {
    ++pool_.counters().accept_errors;
  }
}

template <class Pool>
void PoolManager<Pool>::on_exhausted() noexcept {
  try {
    retry_.start_after(pause_before_retry);
  } catch (const std::bad_alloc&) {
    // Nobody would wake us: rather busy than deaf.
    return;
  }
  for (const auto& acceptor : acceptors_) acceptor->pause();
}

template <class Pool>
void PoolManager<Pool>::resume() noexcept {
  retry_.stop();
  reserve_.fill();
  for (const auto& acceptor : acceptors_) {
    if (acceptor->resume()) on_exhausted();
  }
}

template <class Pool>
void PoolManager<Pool>::on_closed() noexcept {
  if (retry_.is_active()) resume();
  // Set anew, which allocates nothing for a timer that is active.
  if (pool_.is_empty() && end_of_drain_.is_active()) end_of_drain_.start_after(nanoseconds::zero());
}

template <class Pool>
void PoolManager<Pool>::drain(Callback when_gone) {
  when_gone_ = std::move(when_gone);
  end_of_drain_.start_after(drain_timeout_);
  pool_.begin_drain();
  for (const auto& acceptor : acceptors_) acceptor->accept_last();
  acceptors_.clear();
  retry_.stop();
  if (pool_.is_empty()) end_of_drain_.start_after(nanoseconds::zero());
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
  acceptors_.clear();
  retry_.stop();
  pool_.close_all();
}

}  // namespace polymux
