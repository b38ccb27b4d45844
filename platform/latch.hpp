#pragma once

#include <system_error>

#include "platform/unique_fd.hpp"

namespace polymux {

/// Something that happens once, and that any number of threads and child processes can wait for
/// beside a socket: a pipe whose reading end is readable from then on, for nobody ever reads.
///
/// The end of the process that opened it counts as well: no child is left waiting for a parent that
/// was killed.
class Latch {
 public:
  [[nodiscard]] std::error_code open() noexcept;

  /// What to wait for, for reading. Inherited by children; theirs to close, or to keep for life.
  [[nodiscard]] int fd() const noexcept { return read_end_.get(); }

  /// For good. Any thread, any signal handler; leaves errno as it was.
  void trip() noexcept;

  /// In a child, at once: gives up the right to trip it, for as long as it is held the end of the
  /// parent cannot be seen.
  void become_waiter() noexcept { write_end_.reset(); }

 private:
  UniqueFd read_end_;
  UniqueFd write_end_;
};

}  // namespace polymux
