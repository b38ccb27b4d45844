#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace polymux::conformance {

enum class Outcome {
  passed,
  failed,
  /// The rule does not concern this subject; the message says why.
  not_applicable,
  /// On the subject's list of departures; the message says why.
  departs,
};

/// What became of one test.
struct TestRun {
  Outcome outcome = Outcome::failed;
  /// Empty for one that passed.
  std::string message{};
  std::chrono::nanoseconds took{};
};

/// How the body of a test ends. A sanitizer, an uncaught exception or a call of exit() ends it
/// otherwise.
inline constexpr int exit_passed = 70;
inline constexpr int exit_failed = 71;
inline constexpr int exit_not_applicable = 72;

/// One test in a child process: what crashes, hangs or ends the process costs that test alone.
class IsolatedTest {
 public:
  using Clock = std::chrono::steady_clock;

  /// Forks, and runs `body` in the child, which returns one of the codes above; what it prints is
  /// the message. `close_in_child` are descriptors that the child has no business with.
  /// \throws std::system_error where there is no process or descriptor left.
  IsolatedTest(const std::function<int()>& body, std::chrono::nanoseconds limit,
               const std::vector<int>& close_in_child);
  IsolatedTest(IsolatedTest&& other) noexcept;
  IsolatedTest& operator=(IsolatedTest&& other) = delete;
  IsolatedTest(const IsolatedTest&) = delete;
  IsolatedTest& operator=(const IsolatedTest&) = delete;
  /// Kills it, and all that it began, if it still runs.
  ~IsolatedTest();

  /// Readable when there is something to take in.
  [[nodiscard]] int descriptor() const noexcept { return output_; }
  [[nodiscard]] Clock::time_point deadline() const noexcept { return deadline_; }

  /// Reads what it says. False when it has ended.
  [[nodiscard]] bool take_in();
  /// To be called once it has ended, or its deadline has passed: then it is killed.
  [[nodiscard]] TestRun finish();

 private:
  void kill_all() const noexcept;
  void kill_late() noexcept;
  [[nodiscard]] int reap();
  [[nodiscard]] TestRun late_run() const;

  Clock::time_point started_ = Clock::now();
  Clock::time_point deadline_;
  std::chrono::nanoseconds limit_;
  pid_t id_ = -1;
  int output_ = -1;
  bool has_ended_ = false;
  bool is_late_ = false;
  std::string said_;
};

}  // namespace polymux::conformance
