#pragma once

#include <condition_variable>
#include <functional>
#include <list>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

namespace polymux {

/// Threads that come and go. Each that ends joins the one that ended before it, so that of all that
/// are over at most one is left to be joined, and no thread has to look after the others.
///
/// \par Threads  `start` and `join` by one.
class ThreadGroup {
 public:
  ThreadGroup() = default;
  ThreadGroup(const ThreadGroup&) = delete;
  ThreadGroup& operator=(const ThreadGroup&) = delete;
  ~ThreadGroup() { join(); }

  /// Runs `task`, which can be moved and called and throws nothing, in a thread of its own. After
  /// an error, `resource_unavailable_try_again` mostly, it is destroyed.
  template <class Task>
  [[nodiscard]] std::error_code start(Task task) noexcept {
    const std::scoped_lock lock(mutex_);
    try {
      running_.emplace_back();
    } catch (const std::bad_alloc&) {
      return std::make_error_code(std::errc::not_enough_memory);
    }
    const auto place = std::prev(running_.end());
    try {
      *place = std::thread([this, place, work = std::move(task)]() mutable {
        // Its own scope: what it holds is gone when the thread counts as over.
        {
          auto mine = std::move(work);
          mine();
        }
        retire(place);
      });
    } catch (const std::system_error& error) {
      running_.erase(place);
      return error.code();
    } catch (const std::bad_alloc&) {
      running_.erase(place);
      return std::make_error_code(std::errc::not_enough_memory);
    }
    return {};
  }

  /// Waits until all have ended.
  void join() noexcept;

 private:
  using Threads = std::list<std::thread>;

  /// The last thing that a thread does.
  void retire(Threads::iterator own) noexcept;

  std::mutex mutex_;
  std::condition_variable has_ended_;
  Threads running_;
  /// The last one that has ended, or is about to.
  std::thread last_;
};

}  // namespace polymux
