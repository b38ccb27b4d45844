#pragma once

#include <sys/types.h>

#include <optional>
#include <system_error>

namespace polymux {

/// What came of `fork_process`.
struct ForkResult {
  /// Of the child, in the parent; zero in the child.
  pid_t id = -1;
  std::error_code error{};

  [[nodiscard]] bool is_child() const noexcept { return id == 0; }
};

/// A child by fork(2). In a process with threads it may do no more than a signal handler may
/// (fork(2), signal-safety(7)): allocate nothing, take no lock.
[[nodiscard]] ForkResult fork_process() noexcept;

/// Ends a child at once (_exit): nothing of what the parent would clean up is touched.
[[noreturn]] void end_child(int code) noexcept;

/// A child that has ended.
struct EndedChild {
  pid_t id = -1;
  int exit_code = 0;
  /// What killed it; zero if it ended by itself.
  int signal_number = 0;
};

/// Takes in a child that has ended, if there is one, so that it is no zombie. Any of them.
[[nodiscard]] std::optional<EndedChild> reap_child() noexcept;

/// SIGKILL, which no process survives. To a child that is not taken in yet, lest the number is
/// another's.
void kill_child(pid_t id) noexcept;

}  // namespace polymux
