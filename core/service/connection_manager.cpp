#include <polymux/service/connection_manager.hpp>

#include <utility>

#include "core/service/connection_pool.hpp"
#include "core/service/live_counters.hpp"
#include "core/service/pool_manager.hpp"

namespace polymux {

class ConnectionManager::Impl {
 public:
  Impl(EventLoop& loop, Service& service, const ConnectionOptions& options)
      : manager(loop, service, options, {{&counters, 1}}) {}

  LiveCounters counters;
  PoolManager<ConnectionPool> manager;
};

ConnectionManager::ConnectionManager(EventLoop& loop, Service& service,
                                     const ConnectionOptions& options)
    : impl_(std::make_unique<Impl>(loop, service, options)) {}

ConnectionManager::~ConnectionManager() = default;

ListenResult ConnectionManager::listen(std::string_view address) {
  return impl_->manager.listen(address);
}

ListenResult ConnectionManager::listen_on(int socket) {
  return impl_->manager.listen_on(socket);
}

std::error_code ConnectionManager::adopt(int socket) {
  return impl_->manager.adopt(UniqueFd(socket));
}

void ConnectionManager::drain(Callback when_gone) {
  impl_->manager.drain(std::move(when_gone));
}

void ConnectionManager::close_all() noexcept {
  impl_->manager.close_all();
}

ConnectionCounters ConnectionManager::counters() const noexcept {
  return impl_->manager.counters();
}

}  // namespace polymux
