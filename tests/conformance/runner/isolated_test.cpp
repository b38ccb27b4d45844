#include "tests/conformance/runner/isolated_test.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
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

// How a child ends. A sanitizer, an uncaught exception or a call of exit() ends it otherwise.
constexpr int exit_passed = 70;
constexpr int exit_failed = 71;
constexpr int exit_not_applicable = 72;

// More than that of what one test says is thrown away.
constexpr std::size_t most_said = 64 * 1024;

std::string_view trimmed(std::string_view text) {
  // What follows is the name of backend and rule, which the report gives anyway.
  if (const auto trace = text.find("Google Test trace:"); trace != text.npos) {
    text = text.substr(0, trace);
  }
  const auto first = text.find_first_not_of(" \n");
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(" \n") + 1 - first);
}

std::string_view file_name(const char* path) {
  const std::string_view text = path == nullptr ? "" : path;
  return text.substr(text.rfind('/') + 1);
}

/// Says what failed, or why a test does not apply, and nothing else.
class Witness : public ::testing::EmptyTestEventListener {
 public:
  void OnTestPartResult(const ::testing::TestPartResult& part) override {
    if (part.passed()) return;
    (part.skipped() ? is_skipped_ : is_failed_) = true;
    std::string line;
    if (!part.skipped()) {
      line.append(file_name(part.file_name())) += ":" + std::to_string(part.line_number()) + ": ";
    }
    line.append(trimmed(part.message())) += "\n";
    static_cast<void>(std::fwrite(line.data(), 1, line.size(), stdout));
    static_cast<void>(std::fflush(stdout));
  }
  [[nodiscard]] int exit_code() const {
    if (is_failed_) return exit_failed;
    return is_skipped_ ? exit_not_applicable : exit_passed;
  }

 private:
  bool is_failed_ = false;
  bool is_skipped_ = false;
};

#ifdef GTEST_FLAG_SET
#define POLYMUX_SET_GTEST_FLAG(name, value) GTEST_FLAG_SET(name, value)
#else
#define POLYMUX_SET_GTEST_FLAG(name, value) static_cast<void>(::testing::GTEST_FLAG(name) = (value))
#endif

int run_in_child(const std::string& filter) {
  POLYMUX_SET_GTEST_FLAG(filter, filter);
  POLYMUX_SET_GTEST_FLAG(output, "");
  POLYMUX_SET_GTEST_FLAG(repeat, 1);
  POLYMUX_SET_GTEST_FLAG(also_run_disabled_tests, false);
  auto& google = *::testing::UnitTest::GetInstance();
  auto& listeners = google.listeners();
  delete listeners.Release(listeners.default_result_printer());
  auto* const witness = new Witness;
  listeners.Append(witness);  // which owns it
  const int failed = RUN_ALL_TESTS();
  if (google.test_to_run_count() != 1) {
    std::puts("the test is not there");
    return exit_failed;
  }
  return failed != 0 ? exit_failed : witness->exit_code();
}

[[noreturn]] void become_test(const std::string& filter, int output,
                              const std::vector<int>& close_in_child) {
  ::setpgid(0, 0);
  for (const int fd : close_in_child) ::close(fd);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(output, STDERR_FILENO);
  ::close(output);
  ::signal(SIGINT, SIG_DFL);
  ::signal(SIGTERM, SIG_DFL);
  const int code = run_in_child(filter);
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

TestRun judge(int status, std::string said) {
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

IsolatedTest::IsolatedTest(const std::string& filter, std::chrono::nanoseconds limit,
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
    become_test(filter, ends[1], close_in_child);
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

void IsolatedTest::kill_all() noexcept {
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

TestRun IsolatedTest::finish() {
  if (!has_ended_) kill_late();
  auto run = judge(reap(), said_);
  if (is_late_) {
    run.outcome = Outcome::failed;
    run.message +=
        (run.message.empty() ? "" : "\n") + std::string("still running after ") +
        std::to_string(std::chrono::duration_cast<std::chrono::seconds>(limit_).count()) +
        " s, and killed";
  }
  run.took = Clock::now() - started_;
  return run;
}

}  // namespace polymux::conformance
