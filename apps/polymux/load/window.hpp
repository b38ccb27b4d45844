#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "clock.hpp"

namespace load {

/// A request that waits for its answer.
struct Request {
  /// How many bytes the connection has to have received for it to be answered.
  std::uint64_t end = 0;
  /// Since when it has been waiting: sent, or due.
  Instant since{};
  /// When it was handed to the connection; its time-out counts from there.
  Instant asked{};
};

/// The requests of a connection in the order in which their answers come. Takes memory once.
class Window {
 public:
  explicit Window(std::size_t depth) : slots_(depth) {}

  [[nodiscard]] bool is_empty() const noexcept { return count_ == 0; }
  [[nodiscard]] bool is_full() const noexcept { return count_ == slots_.size(); }
  [[nodiscard]] std::size_t size() const noexcept { return count_; }
  [[nodiscard]] const Request& front() const noexcept { return slots_[first_]; }

  /// Not if it is full.
  void push(const Request& request) noexcept {
    auto at = first_ + count_;
    if (at >= slots_.size()) at -= slots_.size();
    slots_[at] = request;
    ++count_;
  }

  /// Not if it is empty.
  void pop() noexcept {
    if (++first_ == slots_.size()) first_ = 0;
    --count_;
  }

  void clear() noexcept { first_ = count_ = 0; }

 private:
  std::vector<Request> slots_;
  std::size_t first_ = 0;
  std::size_t count_ = 0;
};

}  // namespace load
