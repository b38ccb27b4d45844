#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>

#include <cerrno>

#include "apps/polymux/probe/kind.hpp"
#include "apps/polymux/probe/system_failure.hpp"
#include "making.hpp"

namespace probe {
namespace {

sigset_t the_signal() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR2);
  return set;
}

// The signal is blocked while this lives, and what is pending is taken before that ends.
Subject signals() {
  const auto set = the_signal();
  Subject subject(taken(::signalfd(-1, &set, SFD_CLOEXEC), "signalfd"));
  sigset_t before;
  if (const int error = ::pthread_sigmask(SIG_BLOCK, &set, &before); error != 0) {
    throw SystemFailure("pthread_sigmask", error);
  }
  subject.at_end([set, before](Subject& /*subject*/) {
    const timespec at_once{};
    while (::sigtimedwait(&set, nullptr, &at_once) > 0) {
    }
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  });
  return subject;
}

// To this thread alone: another could not leave it pending.
void signal_comes(Subject& subject) {
  if (const int error = ::pthread_kill(::pthread_self(), SIGUSR2); error != 0) {
    throw SystemFailure("pthread_kill", error);
  }
  await(subject.near(), POLLIN);
}

constexpr Case cases[] = {{"idle", signals}, {"data", signals, signal_comes}};

}  // namespace

extern const Making signalfd_making;
const Making signalfd_making{cases};

}  // namespace probe
