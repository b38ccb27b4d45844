#pragma once

#include <atomic>
#include <cstdint>

namespace polymux {

/// A number that differs between a process and its children by fork. Cheap (no system call) and
/// safe in signal handlers; any thread.
///
/// What it differs by is not the process id: after two forks an id can come again.
[[nodiscard]] std::uint64_t process_epoch() noexcept;

/// Where that number is, for who asks often: holds it while it is the same process that asked
/// `process_epoch` before, and something else in a child. Null where the number is made anew each
/// time.
[[nodiscard]] const std::atomic<std::uint64_t>* process_epoch_cell() noexcept;

/// Remembers in which process it was made.
class ProcessMark {
 public:
  /// True in a child that was forked after this was made.
  [[nodiscard]] bool is_foreign() const noexcept {
    const auto now = cell_ != nullptr ? cell_->load(std::memory_order_relaxed) : process_epoch();
    return now != epoch_;
  }

 private:
  std::uint64_t epoch_ = process_epoch();
  const std::atomic<std::uint64_t>* cell_ = process_epoch_cell();
};

}  // namespace polymux
