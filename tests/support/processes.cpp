#include "tests/support/processes.hpp"

#include <poll.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <string>
#include <system_error>
#include <utility>

#include "tests/support/clocks.hpp"
#include "tests/support/descriptors.hpp"

namespace polymux::test {
namespace {

std::atomic<int> alarms{0};

// A function of C only as far as signals go.
extern "C" void polymux_test_count_alarm(int /*number*/) {
  alarms.fetch_add(1);
}

void set_interval(std::chrono::microseconds interval) {
  const auto whole = std::chrono::floor<std::chrono::seconds>(interval);
  itimerval timer{};
  timer.it_interval.tv_sec = static_cast<time_t>(whole.count());
  timer.it_interval.tv_usec = static_cast<suseconds_t>((interval - whole).count());
  timer.it_value = timer.it_interval;
  ::setitimer(ITIMER_REAL, &timer, nullptr);
}

}  // namespace

Child::Child(const std::function<int()>& body) {
  auto life = open_pipe();
  id_ = ::fork();
  if (id_ < 0) throw std::system_error(errno, std::system_category(), "fork");
  if (id_ == 0) {
    int code = 127;
    try {
      code = body();
    } catch (...) {
    }
    ::_exit(code);
  }
  life_ = std::move(life.reader);
}

Child::~Child() {
  if (id_ > 0) static_cast<void>(wait());
}

bool Child::stop_and_continue() {
  siginfo_t state{};
  // What it tells stays there for wait.
  const int options = WSTOPPED | WEXITED | WNOWAIT;
  ::kill(id_, SIGSTOP);
  int failed = 0;
  do {
    failed = ::waitid(P_PID, static_cast<id_t>(id_), &state, options);
  } while (failed != 0 && errno == EINTR);
  ::kill(id_, SIGCONT);
  return failed == 0 && state.si_code == CLD_STOPPED;
}

int Child::wait() {
  if (!is_ready_for(life_, POLLHUP)) ::kill(id_, SIGKILL);
  int status = 0;
  while (::waitpid(id_, &status, 0) < 0 && errno == EINTR) {
  }
  id_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

SignalHandler::SignalHandler(int number, void (*handler)(int)) : number_(number) {
  struct sigaction action {};
  action.sa_handler = handler;
  sigemptyset(&action.sa_mask);
  if (::sigaction(number, &action, &before_) != 0) {
    throw std::system_error(errno, std::system_category(), "sigaction");
  }
}

SignalHandler::~SignalHandler() {
  ::sigaction(number_, &before_, nullptr);
}

AlarmStorm::AlarmStorm(std::chrono::microseconds interval)
    : handler_(SIGALRM, polymux_test_count_alarm) {
  alarms = 0;
  set_interval(interval);
}

AlarmStorm::~AlarmStorm() {
  set_interval({});
}

int AlarmStorm::count() {
  return alarms.load();
}

bool is_real_time_signal(int number) {
#ifdef SIGRTMIN
  return number >= SIGRTMIN && number <= SIGRTMAX;
#else
  return number < 0;
#endif
}

long greatest_resident_kibibytes() {
  // Linux carries ru_maxrss over from the program that started this one (getrusage(2)), which hides
  // what is less than that; its /proc has the mark of this program alone (proc(5)).
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return std::atol(line.c_str() + sizeof "VmHWM:" - 1);
  }
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss / POLYMUX_MAXRSS_PER_KIBIBYTE;
}

Later::Later(std::chrono::milliseconds delay, std::function<void()> action)
    : thread_([delay, action = std::move(action)] {
        std::this_thread::sleep_for(delay);
        action();
      }) {}

}  // namespace polymux::test
