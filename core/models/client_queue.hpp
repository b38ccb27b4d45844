#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>

#include "platform/unique_fd.hpp"

namespace polymux {

/// Clients that have been accepted and wait for a thread; a bounded number of them.
///
/// \par Threads  Any.
class ClientQueue {
 public:
  explicit ClientQueue(std::size_t bound) noexcept : bound_(bound) {}

  /// Puts one last; waits while the queue is full. False for want of memory: it is closed.
  [[nodiscard]] bool push(UniqueFd client) noexcept;

  /// Takes the first; waits while there is none. None owns nothing: the queue is closed and empty.
  [[nodiscard]] UniqueFd pop() noexcept;

  /// In the end: from now on `push` waits for nobody.
  void lift_bound() noexcept;

  /// No more will be put in.
  void close() noexcept;

 private:
  std::mutex mutex_;
  std::condition_variable has_room_;
  std::condition_variable has_client_;
  std::deque<UniqueFd> clients_;
  std::size_t bound_;
  bool is_bounded_ = true;
  bool is_closed_ = false;
};

}  // namespace polymux
