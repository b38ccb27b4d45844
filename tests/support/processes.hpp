#pragma once

#include <signal.h>
#include <sys/types.h>

#include <chrono>
#include <functional>
#include <thread>

#include "tests/support/descriptors.hpp"

namespace polymux::test {

/// A child by fork that runs `body` and exits with what it returns. Nothing of the parent's
/// clean-up runs in it.
class Child {
 public:
  explicit Child(const std::function<int()>& body);
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child();

  /// Stops the process, waits until it has stopped, and lets it go on. False if it has ended.
  [[nodiscard]] bool stop_and_continue();

  /// Waits for its end and returns its exit code, or 128 and the number of the signal that killed
  /// it. One that hangs is killed.
  [[nodiscard]] int wait();

 private:
  pid_t id_ = -1;
  /// Becomes readable when the child ends, in whatever way.
  Fd life_;
};

[[nodiscard]] inline int in_child(const std::function<int()>& body) {
  return Child(body).wait();
}

/// Handles a signal with a function of the test's, without SA_RESTART, and restores what was
/// before.
class SignalHandler {
 public:
  SignalHandler(int number, void (*handler)(int));
  SignalHandler(const SignalHandler&) = delete;
  SignalHandler& operator=(const SignalHandler&) = delete;
  ~SignalHandler();

 private:
  int number_;
  struct sigaction before_ {};
};

/// SIGALRM at a steady pace, handled by a function that only counts.
class AlarmStorm {
 public:
  explicit AlarmStorm(std::chrono::microseconds interval);
  AlarmStorm(const AlarmStorm&) = delete;
  AlarmStorm& operator=(const AlarmStorm&) = delete;
  ~AlarmStorm();
  [[nodiscard]] static int count();

 private:
  SignalHandler handler_;
};

/// A signal of which many can be pending; some systems (macOS, OpenBSD) have none.
[[nodiscard]] bool is_real_time_signal(int number);

/// The most memory that this process has had resident.
[[nodiscard]] long greatest_resident_kibibytes();

/// Does something from another thread a while after it was made, and is joined when it goes.
class Later {
 public:
  Later(std::chrono::milliseconds delay, std::function<void()> action);
  Later(const Later&) = delete;
  Later& operator=(const Later&) = delete;
  ~Later() { thread_.join(); }

 private:
  std::thread thread_;
};

}  // namespace polymux::test
