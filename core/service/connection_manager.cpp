#include <polymux/service/connection_manager.hpp>

#include <chrono>
#include <new>
#include <utility>

#include <polymux/loop/timer.hpp>

#include "core/service/acceptor.hpp"
#include "core/service/connection_pool.hpp"
#include "core/service/descriptor_reserve.hpp"
#include "core/service/open_listeners.hpp"
#include "platform/descriptors.hpp"

namespace polymux {
namespace {

using std::chrono::nanoseconds;
using namespace std::chrono_literals;

// How long accepting rests where the system cannot, unless a connection closes before.
constexpr nanoseconds pause_before_retry = 100ms;

}  // namespace

class ConnectionManager::Impl final : public AcceptorOwner {
 public:
  Impl(EventLoop& loop, Service& service, const ConnectionOptions& options)
      : loop_(loop),
        drain_timeout_(options.drain_timeout),
        pool_(loop, service, options, [this] { on_closed(); }),
        retry_(loop, [this] { resume(); }),
        end_of_drain_(loop, [this] { finish_drain(); }) {}

  [[nodiscard]] ListenResult listen(std::string_view text);
  [[nodiscard]] std::error_code adopt(UniqueFd socket) noexcept;
  void drain(Callback when_gone);
  void close_all() noexcept;
  [[nodiscard]] const ConnectionCounters& counters() noexcept { return pool_.counters(); }

 private:
  using Acceptors = std::vector<std::unique_ptr<Acceptor>>;

  void on_closed() noexcept;
  void resume() noexcept;
  void finish_drain();

  void on_accepted(UniqueFd client) noexcept override;
  void on_refused() noexcept override { ++pool_.counters().refused_descriptors; }
  void on_accept_error() noexcept override { ++pool_.counters().accept_errors; }
  void on_exhausted() noexcept override;

  EventLoop& loop_;
  nanoseconds drain_timeout_;
  ConnectionPool pool_;
  DescriptorReserve reserve_;
  Acceptors acceptors_;
  Timer retry_;
  /// Active from `drain` until its callback: fires when all are gone or the time is over.
  Timer end_of_drain_;
  Callback when_gone_;
};

ListenResult ConnectionManager::Impl::listen(std::string_view text) {
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

std::error_code ConnectionManager::Impl::adopt(UniqueFd socket) noexcept {
  if (pool_.is_full()) {
    ++pool_.counters().refused_limit;
    return std::make_error_code(std::errc::too_many_files_open);
  }
  if (const auto error = set_nonblocking(socket.get())) return error;
  if (const auto error = set_close_on_exec(socket.get())) return error;
  return pool_.admit(std::move(socket));
}

void ConnectionManager::Impl::on_accepted(UniqueFd client) noexcept {
  if (pool_.is_full()) {
    ++pool_.counters().refused_limit;
  } else if (pool_.admit(std::move(client))) {
    ++pool_.counters().accept_errors;
  }
}

void ConnectionManager::Impl::on_exhausted() noexcept {
  try {
    retry_.start_after(pause_before_retry);
  } catch (const std::bad_alloc&) {
    // Nobody would wake us: rather busy than deaf.
    return;
  }
  for (const auto& acceptor : acceptors_) acceptor->pause();
}

void ConnectionManager::Impl::resume() noexcept {
  retry_.stop();
  reserve_.fill();
  for (const auto& acceptor : acceptors_) {
    if (acceptor->resume()) on_exhausted();
  }
}

void ConnectionManager::Impl::on_closed() noexcept {
  if (retry_.is_active()) resume();
  // Set anew, which allocates nothing for a timer that is active.
  if (pool_.is_empty() && end_of_drain_.is_active()) end_of_drain_.start_after(0ns);
}

void ConnectionManager::Impl::drain(Callback when_gone) {
  when_gone_ = std::move(when_gone);
  end_of_drain_.start_after(drain_timeout_);
  pool_.begin_drain();
  for (const auto& acceptor : acceptors_) acceptor->accept_last();
  acceptors_.clear();
  retry_.stop();
  if (pool_.is_empty()) end_of_drain_.start_after(0ns);
}

void ConnectionManager::Impl::finish_drain() {
  const auto when_gone = std::exchange(when_gone_, nullptr);
  close_all();
  // The last step: it may destroy this.
  if (when_gone) when_gone();
}

void ConnectionManager::Impl::close_all() noexcept {
  acceptors_.clear();
  retry_.stop();
  pool_.close_all();
}

ConnectionManager::ConnectionManager(EventLoop& loop, Service& service,
                                     const ConnectionOptions& options)
    : impl_(std::make_unique<Impl>(loop, service, options)) {}

ConnectionManager::~ConnectionManager() = default;

ListenResult ConnectionManager::listen(std::string_view address) {
  return impl_->listen(address);
}

std::error_code ConnectionManager::adopt(int socket) {
  return impl_->adopt(UniqueFd(socket));
}

void ConnectionManager::drain(Callback when_gone) {
  impl_->drain(std::move(when_gone));
}

void ConnectionManager::close_all() noexcept {
  impl_->close_all();
}

const ConnectionCounters& ConnectionManager::counters() const noexcept {
  return impl_->counters();
}

}  // namespace polymux
