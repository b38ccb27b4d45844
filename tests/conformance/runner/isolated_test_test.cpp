#include "tests/conformance/runner/isolated_test.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <functional>
#include <string>

#include "tests/support/clocks.hpp"

namespace polymux::conformance {
namespace {

using namespace std::chrono_literals;

TestRun run(const std::function<int()>& body, std::chrono::nanoseconds limit = test::bound()) {
  IsolatedTest test(body, limit, {});
  while (IsolatedTest::Clock::now() < test.deadline()) {
    pollfd polled{test.descriptor(), POLLIN, 0};
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(test.deadline() - IsolatedTest::Clock::now());
    ::poll(&polled, 1, static_cast<int>(left.count()));
    if (!test.take_in()) break;
  }
  return test.finish();
}

TEST(IsolatedTest, PassedSaysNothing) {
  const auto result = run([] {
    std::puts("some noise");
    return exit_passed;
  });

  EXPECT_EQ(result.outcome, Outcome::passed);
  EXPECT_EQ(result.message, "");
}

TEST(IsolatedTest, FailedSaysWhatItPrinted) {
  const auto result = run([] {
    std::puts("1 is not 2\n");
    return exit_failed;
  });

  EXPECT_EQ(result.outcome, Outcome::failed);
  EXPECT_EQ(result.message, "1 is not 2");
}

TEST(IsolatedTest, NotApplicableSaysWhy) {
  const auto result = run([] {
    std::puts("it has no edge");
    return exit_not_applicable;
  });

  EXPECT_EQ(result.outcome, Outcome::not_applicable);
  EXPECT_EQ(result.message, "it has no edge");
}

TEST(IsolatedTest, CrashIsAFailureThatNamesTheSignal) {
  const auto result = run([] {
    std::fputs("before", stderr);
    ::signal(SIGTERM, SIG_DFL);
    ::raise(SIGTERM);
    return exit_passed;
  });

  EXPECT_EQ(result.outcome, Outcome::failed);
  EXPECT_NE(result.message.find("before\nkilled by signal 15"), std::string::npos)
      << result.message;
}

TEST(IsolatedTest, AnotherExitCodeIsAFailure) {
  const auto result = run([]() -> int { ::_exit(0); });

  EXPECT_EQ(result.outcome, Outcome::failed);
  EXPECT_EQ(result.message, "the process ended with exit code 0");
}

TEST(IsolatedTest, HangIsKilledWithAllThatItBegan) {
  const auto result = run(
      [] {
        // Holds the output open, as a child that the test forgot would.
        static_cast<void>(::fork());
        for (;;) ::pause();
        return exit_passed;
      },
      100ms);

  EXPECT_EQ(result.outcome, Outcome::failed);
  EXPECT_EQ(result.message, "still running after 0 s, and killed");
  EXPECT_GE(result.took, 100ms);
}

TEST(IsolatedTest, HangWithItsOutputClosedIsKilledTooAndNotSooner) {
  const auto result = run(
      [] {
        ::close(STDOUT_FILENO);
        ::close(STDERR_FILENO);
        for (;;) ::pause();
        return exit_passed;
      },
      100ms);

  EXPECT_EQ(result.outcome, Outcome::failed);
  EXPECT_GE(result.took, 100ms);
}

TEST(IsolatedTest, OutputWithoutEndIsCutAndDoesNotBlock) {
  const auto result = run([] {
    for (int line = 0; line < 100'000; ++line) std::puts("the same again and again");
    return exit_failed;
  });

  EXPECT_EQ(result.outcome, Outcome::failed);
  EXPECT_LE(result.message.size(), 64U * 1024);
  EXPECT_GT(result.message.size(), 60U * 1024);
}

}  // namespace
}  // namespace polymux::conformance
