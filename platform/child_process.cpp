#include "platform/child_process.hpp"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "platform/system_error.hpp"

namespace polymux {

ForkResult fork_process() noexcept {
  const auto id = ::fork();
  return {.id = id, .error = id < 0 ? last_error() : std::error_code{}};
}

void end_child(int code) noexcept {
  ::_exit(code);
}

std::optional<EndedChild> reap_child() noexcept {
  int status = 0;
  pid_t id = -1;
  do {
    id = ::waitpid(-1, &status, WNOHANG);
  } while (id < 0 && errno == EINTR);
  if (id <= 0) return std::nullopt;
  return EndedChild{.id = id,
                    .exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 0,
                    .signal_number = WIFSIGNALED(status) ? WTERMSIG(status) : 0};
}

void kill_child(pid_t id) noexcept {
  ::kill(id, SIGKILL);
}

}  // namespace polymux
