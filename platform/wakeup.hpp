#pragma once

#include <system_error>

#include "platform/unique_fd.hpp"

namespace polymux {

/// A descriptor that another thread or a signal handler can make readable.
class Wakeup {
 public:
  /// Opens it, non-blocking and closed on exec.
  [[nodiscard]] std::error_code open() noexcept;

  /// What to wait for, for reading.
  [[nodiscard]] int fd() const noexcept { return read_end_.get(); }

  /// Makes it readable. Any thread, any signal handler; leaves errno as it was.
  void signal() noexcept;

  /// Takes back every `signal` so far.
  void clear() noexcept;

  /// Gives up the descriptors without closing them: for a child, where the numbers may be
  /// another's.
  void abandon() noexcept;

 private:
  UniqueFd read_end_;
  /// Empty where one descriptor does both.
  UniqueFd write_end_;
};

}  // namespace polymux
