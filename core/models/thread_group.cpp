#include "core/models/thread_group.hpp"

namespace polymux {

void ThreadGroup::retire(Threads::iterator own) noexcept {
  std::thread before;
  {
    const std::scoped_lock lock(mutex_);
    before = std::exchange(last_, std::move(*own));
    running_.erase(own);
    if (running_.empty()) has_ended_.notify_all();
  }
  if (before.joinable()) before.join();
}

void ThreadGroup::join() noexcept {
  std::unique_lock lock(mutex_);
  has_ended_.wait(lock, [this] { return running_.empty(); });
  // It joins the one before it, and that one those before.
  auto last = std::exchange(last_, std::thread{});
  lock.unlock();
  if (last.joinable()) last.join();
}

}  // namespace polymux
