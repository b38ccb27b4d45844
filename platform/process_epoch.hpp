#pragma once

#include <cstdint>

namespace polymux {

/// A number that differs between a process and its children by fork. Cheap (no system call) and
/// safe in signal handlers; any thread.
///
/// What it differs by is not the process id: after two forks an id can come again.
[[nodiscard]] std::uint64_t process_epoch() noexcept;

/// Remembers in which process it was made.
class ProcessMark {
 public:
  /// True in a child that was forked after this was made.
  [[nodiscard]] bool is_foreign() const noexcept { return process_epoch() != epoch_; }

 private:
  std::uint64_t epoch_ = process_epoch();
};

}  // namespace polymux
