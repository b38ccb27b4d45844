#include "core/poller/deadline.hpp"

#include <gtest/gtest.h>

namespace polymux {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

TEST(Deadline, WithoutTimeOutNeverPasses) {
  const Deadline deadline(std::nullopt);

  EXPECT_EQ(deadline.remaining(), std::nullopt);
  EXPECT_FALSE(deadline.has_passed());
}

TEST(Deadline, ZeroAndLessHavePassedAtOnce) {
  for (const auto timeout : {0ns, -1ns, nanoseconds::min()}) {
    const Deadline deadline(timeout);

    EXPECT_EQ(deadline.remaining(), Timeout{0ns}) << timeout.count();
    EXPECT_TRUE(deadline.has_passed()) << timeout.count();
  }
}

TEST(Deadline, RemainingNeverExceedsTheTimeOut) {
  const Deadline deadline(1h);

  const auto left = deadline.remaining();

  ASSERT_TRUE(left);
  EXPECT_LE(*left, 1h);
  EXPECT_GT(*left, 59min);
  EXPECT_FALSE(deadline.has_passed());
}

TEST(Deadline, OneNanosecondPassesAndLeavesNothing) {
  const Deadline deadline(1ns);

  while (!deadline.has_passed()) {
  }

  EXPECT_EQ(deadline.remaining(), Timeout{0ns});
}

TEST(Deadline, GreatestTimeOutSaturatesInsteadOfOverflowing) {
  const Deadline deadline(nanoseconds::max());

  EXPECT_FALSE(deadline.has_passed());
  ASSERT_TRUE(deadline.remaining());
  EXPECT_GT(*deadline.remaining(), 24h * 365 * 100);
}

TEST(Deadline, OneWaitIsAtMostADay) {
  EXPECT_EQ(clamp_to_one_wait(nanoseconds::max()), Timeout{24h});
  EXPECT_EQ(clamp_to_one_wait(24h), Timeout{24h});
  EXPECT_EQ(clamp_to_one_wait(1ns), Timeout{1ns});
  EXPECT_EQ(clamp_to_one_wait(std::nullopt), std::nullopt);
}

TEST(Deadline, MillisecondsAreRoundedUp) {
  EXPECT_EQ(to_milliseconds(1ns), 1);
  EXPECT_EQ(to_milliseconds(1ms), 1);
  EXPECT_EQ(to_milliseconds(1ms + 1ns), 2);
}

TEST(Deadline, MillisecondsOfZeroAndLessAreZeroAndOfNoneAreForEver) {
  EXPECT_EQ(to_milliseconds(0ns), 0);
  EXPECT_EQ(to_milliseconds(nanoseconds::min()), 0);
  EXPECT_EQ(to_milliseconds(std::nullopt), -1);
}

}  // namespace
}  // namespace polymux
