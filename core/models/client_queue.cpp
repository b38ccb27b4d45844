#include "core/models/client_queue.hpp"

#include <new>
#include <utility>

namespace polymux {

bool ClientQueue::push(UniqueFd client) noexcept {
  {
    std::unique_lock lock(mutex_);
    has_room_.wait(lock, [this] { return !is_bounded_ || clients_.size() < bound_; });
    try {
      clients_.push_back(std::move(client));
    } catch (const std::bad_alloc&) {
      return false;
    }
  }
  has_client_.notify_one();
  return true;
}

UniqueFd ClientQueue::pop() noexcept {
  std::unique_lock lock(mutex_);
  has_client_.wait(lock, [this] { return is_closed_ || !clients_.empty(); });
  if (clients_.empty()) return {};
  auto client = std::move(clients_.front());
  clients_.pop_front();
  lock.unlock();
  has_room_.notify_one();
  return client;
}

void ClientQueue::lift_bound() noexcept {
  {
    const std::scoped_lock lock(mutex_);
    is_bounded_ = false;
  }
  has_room_.notify_all();
}

void ClientQueue::close() noexcept {
  {
    const std::scoped_lock lock(mutex_);
    is_closed_ = true;
  }
  has_client_.notify_all();
}

}  // namespace polymux
