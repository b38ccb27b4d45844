#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include <polymux/poller/poller.hpp>

namespace polymux {

// GoogleTest finds these by the namespace of what it prints.
void PrintTo(const Event& event, std::ostream* out);
void PrintTo(const WaitResult& result, std::ostream* out);
void PrintTo(Ready ready, std::ostream* out);
void PrintTo(Interest interest, std::ostream* out);
void PrintTo(Trigger trigger, std::ostream* out);
void PrintTo(Token token, std::ostream* out);

namespace test {

/// What one wait gave, and what it cost.
struct Waited {
  WaitResult result;
  std::vector<Event> events;
  std::chrono::nanoseconds took{};
  std::chrono::nanoseconds cpu{};

  /// What was reported for `token`; none if nothing was.
  [[nodiscard]] Ready ready(Token token) const;
  [[nodiscard]] std::size_t count(Token token) const;
};
void PrintTo(const Waited& waited, std::ostream* out);

/// One wait, which must not fail.
[[nodiscard]] Waited wait_once(Poller& poller, Timeout timeout, std::size_t room = 64);

/// One wait that only looks.
[[nodiscard]] inline Waited look(Poller& poller, std::size_t room = 64) {
  return wait_once(poller, std::chrono::nanoseconds::zero(), room);
}

/// Waits, with a bound, until `token` is reported with all of `wanted`. A report of any other token
/// is a failure. Returns all that was said beside it, or none.
Ready expect_ready(Poller& poller, Token token, Ready wanted);

/// Waits that long, and expects no event, no wake and no CPU to speak of.
void expect_silence(Poller& poller,
                    std::chrono::milliseconds duration = std::chrono::milliseconds{60});

[[nodiscard]] std::string describe(std::error_code error);

/// For EXPECT_TRUE: an error code that compares equal to what is wanted, with both in the message.
[[nodiscard]] ::testing::AssertionResult is_error(std::error_code actual, std::error_code wanted);
[[nodiscard]] ::testing::AssertionResult succeeded(std::error_code actual);

}  // namespace test
}  // namespace polymux
