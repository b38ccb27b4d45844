#pragma once

#include <cstddef>
#include <vector>

#include "platform/completion_ring.hpp"

namespace polymux {

/// Completions that wait to be taken, of a ring that makes them itself.
class DoneQueue {
 public:
  /// Throws `std::bad_alloc`.
  explicit DoneQueue(std::size_t room) { done_.reserve(room); }

  /// How many places are in use; those of what was taken become free once all is taken.
  [[nodiscard]] std::size_t size() const noexcept { return done_.size(); }
  [[nodiscard]] bool empty() const noexcept { return next_ == done_.size(); }

  void push(const CompletionRing::Completion& completion) { done_.push_back(completion); }

  /// False if there is none.
  [[nodiscard]] bool take(CompletionRing::Completion& completion) noexcept {
    if (empty()) return false;
    completion = done_[next_++];
    if (empty()) {
      done_.clear();
      next_ = 0;
    }
    return true;
  }

 private:
  std::vector<CompletionRing::Completion> done_;
  /// Those from here on are not taken yet.
  std::size_t next_ = 0;
};

}  // namespace polymux
