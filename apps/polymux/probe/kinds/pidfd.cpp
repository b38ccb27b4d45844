#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "apps/polymux/probe/kind.hpp"
#include "apps/polymux/probe/system_failure.hpp"
#include "making.hpp"

namespace probe {
namespace {

// Until the pipe's write end is closed: by the subject, or because we are gone.
[[noreturn]] void live_until_closed(int reader, int writer) {
  ::close(writer);
  char byte = 0;
  while (::read(reader, &byte, 1) > 0) {
  }
  ::_exit(0);
}

Subject child() {
  int ends[2] = {-1, -1};
  check(::pipe(ends), "pipe");
  const Descriptor reader(ends[0]);
  Descriptor writer(ends[1]);
  const pid_t pid = ::fork();
  if (pid == 0) live_until_closed(reader.get(), writer.get());
  check(pid, "fork");
  const auto number = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0U));
  const int error = errno;
  Subject subject(Descriptor(number), std::move(writer));
  // If it was waited for, the number is nobody's child, and this fails.
  subject.at_end([pid](Subject& child) {
    child.close(child.far());
    ::waitpid(pid, nullptr, 0);
  });
  if (number < 0) throw SystemFailure("pidfd_open", error);
  return subject;
}

void exits(Subject& subject) {
  subject.close(subject.far());
  await(subject.near(), POLLIN);
}

void exits_and_is_reaped(Subject& subject) {
  exits(subject);
  siginfo_t info{};
  check(::waitid(P_PIDFD, static_cast<id_t>(subject.near()), &info, WEXITED), "waitid");
}

constexpr Case cases[] = {
    {"idle", child},
    {"child-exited", child, exits},
    {"child-reaped", child, exits_and_is_reaped},
};

}  // namespace

extern const Making pidfd_making;
const Making pidfd_making{cases};

}  // namespace probe
