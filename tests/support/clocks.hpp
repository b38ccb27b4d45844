#pragma once

#include <chrono>

namespace polymux::test {

/// By how much this run is slower than a plain one: sanitizers, and the environment variable
/// POLYMUX_TEST_SLOW for what a program cannot know (valgrind, an emulator, a loaded machine).
[[nodiscard]] int slowness();

/// True if the program was built with a sanitizer, which has habits of its own: it opens
/// descriptors, and keeps memory that was freed.
[[nodiscard]] bool is_sanitized();

/// How long a test waits for what is sure to come. Long, since only a failure waits for all of it;
/// where failures are what is expected, POLYMUX_TEST_BOUND says how many milliseconds.
[[nodiscard]] std::chrono::milliseconds bound();

/// Measures the processor time of the whole process.
class CpuClock {
 public:
  [[nodiscard]] static std::chrono::nanoseconds now();
  [[nodiscard]] std::chrono::nanoseconds elapsed() const { return now() - start_; }
  void restart() { start_ = now(); }

 private:
  std::chrono::nanoseconds start_ = now();
};

/// Measures the time on the wall.
class Stopwatch {
 public:
  [[nodiscard]] std::chrono::nanoseconds elapsed() const { return Clock::now() - start_; }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point start_ = Clock::now();
};

/// For messages.
[[nodiscard]] inline double milliseconds(std::chrono::nanoseconds duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

}  // namespace polymux::test
