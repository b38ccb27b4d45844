#pragma once

#include <utility>

#include "core/models/completion_connection.hpp"

namespace polymux {

/// Those for whom a request to receive is to be made, the first one first. Owns nothing and
/// allocates nothing.
class HungryQueue {
 public:
  [[nodiscard]] bool empty() const noexcept { return first_ == nullptr; }

  /// Once, however often it is called.
  void push(CompletionConnection& connection) noexcept {
    if (std::exchange(connection.is_hungry, true)) return;
    (first_ == nullptr ? first_ : last_->next_hungry) = &connection;
    last_ = &connection;
  }

  /// There must be one.
  CompletionConnection& pop() noexcept {
    auto& connection = *first_;
    first_ = std::exchange(connection.next_hungry, nullptr);
    connection.is_hungry = false;
    return connection;
  }

 private:
  CompletionConnection* first_ = nullptr;
  CompletionConnection* last_ = nullptr;
};

}  // namespace polymux
