#pragma once

#include <memory>
#include <span>

namespace polymux {

/// Holds signals back while it lives, in this thread, and in a child that it forks.
class SignalBlock {
 public:
  explicit SignalBlock(std::span<const int> numbers);
  SignalBlock(const SignalBlock&) = delete;
  SignalBlock& operator=(const SignalBlock&) = delete;
  /// Those that came meanwhile come now.
  ~SignalBlock();

 private:
  struct Saved;
  std::unique_ptr<Saved> saved_;
};

/// From now on they do nothing to this process, and those that wait are forgotten.
void ignore_signals(std::span<const int> numbers) noexcept;

}  // namespace polymux
