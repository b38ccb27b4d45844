#include "tests/conformance/runner/isolated_test.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <system_error>
#include <utility>

namespace polymux::conformance {
namespace {

// More than that of what one test says is thrown away.
constexpr std::size_t most_said = 64 * 1024;

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \n") + 1 - first);
}

[[noreturn]] void become_test(const std::function<int()>& body, int output,
                              const std::vector<int>& close_in_child) {
  ::setpgid(0, 0);
  for (const int fd : close_in_child) ::close(fd);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(output, STDERR_FILENO);
  ::close(output);
  ::signal(SIGINT, SIG_DFL);
  ::signal(SIGTERM, SIG_DFL);
  const int code = body();
  static_cast<void>(std::fflush(nullptr));
  // Without the clean-up of what is the parent's.
  ::_exit(code);
}

std::string describe_end(int status) {
  if (WIFSIGNALED(status)) {
    const int number = WTERMSIG(status);
    return "killed by signal " + std::to_string(number) + " (" + ::strsignal(number) + ")";
  }
  return "the process ended with exit code " + std::to_string(WEXITSTATUS(status));
}

TestRun judge(int status, const std::string& said) {
  TestRun run;
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  if (code == exit_passed) {
    run.outcome = Outcome::passed;
    return run;
  }
  run.message = trimmed(said);
  if (code == exit_not_applicable) {
    run.outcome = Outcome::not_applicable;
  } else if (code != exit_failed) {
    run.message += (run.message.empty() ? "" : "\n") + describe_end(status);
  }
  return run;
}

}  // namespace

IsolatedTest::IsolatedTest(const std::function<int()>& body, std::chrono::nanoseconds limit,
                           const std::vector<int>& close_in_child)
    : deadline_(started_ + limit), limit_(limit) {
  std::array<int, 2> ends{};
  if (::pipe(ends.data()) != 0) throw std::system_error(errno, std::generic_category(), "pipe");
  for (const int end : ends) ::fcntl(end, F_SETFD, FD_CLOEXEC);
  ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
  // What is buffered would be printed by the child as well.
  static_cast<void>(std::fflush(nullptr));
  id_ = ::fork();
  if (id_ < 0) {
    const int error = errno;
    for (const int end : ends) ::close(end);
    throw std::system_error(error, std::generic_category(), "fork");
  }
  if (id_ == 0) {
    ::close(ends[0]);
    become_test(body, ends[1], close_in_child);
  }
  // By both, for either may be first.
  ::setpgid(id_, id_);
  ::close(ends[1]);
  output_ = ends[0];
}

IsolatedTest::IsolatedTest(IsolatedTest&& other) noexcept
    : started_(other.started_),
      deadline_(other.deadline_),
      limit_(other.limit_),
      id_(std::exchange(other.id_, -1)),
      output_(std::exchange(other.output_, -1)),
      has_ended_(other.has_ended_),
      is_late_(other.is_late_),
      said_(std::move(other.said_)) {}

IsolatedTest::~IsolatedTest() {
  if (id_ > 0) {
    kill_all();
    ::waitpid(id_, nullptr, 0);
  }
  if (output_ >= 0) ::close(output_);
}

void IsolatedTest::kill_all() const noexcept {
  ::kill(-id_, SIGKILL);
  ::kill(id_, SIGKILL);
}

bool IsolatedTest::take_in() {
  std::array<char, 4096> buffer;
  for (;;) {
    const auto count = ::read(output_, buffer.data(), buffer.size());
    if (count > 0) {
      const auto fits = std::min(most_said - said_.size(), static_cast<std::size_t>(count));
      said_.append(buffer.data(), fits);
    } else if (count == 0) {
      has_ended_ = true;
      return false;
    } else if (errno != EINTR) {
      has_ended_ = errno != EAGAIN;
      return !has_ended_;
    }
  }
}

int IsolatedTest::reap() {
  int status = 0;
  for (;;) {
    const auto ended = ::waitpid(id_, &status, is_late_ ? 0 : WNOHANG);
    if (ended == id_) break;
    if (ended < 0 && errno != EINTR) break;
    // It has closed its output and goes on: its time is not over, but nothing else tells of its
    // end.
    if (ended == 0) {
      ::poll(nullptr, 0, 1);
      if (Clock::now() >= deadline_) kill_late();
    }
  }
  id_ = -1;
  return status;
}

void IsolatedTest::kill_late() noexcept {
  is_late_ = true;
  kill_all();
}

TestRun IsolatedTest::late_run() const {
  TestRun run{.message = std::string(trimmed(said_))};
  const auto limit = std::chrono::duration_cast<std::chrono::seconds>(limit_);
  run.message += (run.message.empty() ? "" : "\n") + std::string("still running after ") +
                 std::to_string(limit.count()) + " s, and killed";
  return run;
}

TestRun IsolatedTest::finish() {
  if (!has_ended_) kill_late();
  const int status = reap();
  auto run = is_late_ ? late_run() : judge(status, said_);
  run.took = Clock::now() - started_;
  return run;
}

}  // namespace polymux::conformance
