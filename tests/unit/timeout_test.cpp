#include <gtest/gtest.h>

#include <chrono>
#include <optional>

#include <polymux/poller/timeout.hpp>

#include "core/poller/deadline.hpp"

namespace polymux {
namespace {

using namespace std::chrono_literals;

TEST(Timeout, IsReadLikeAnOptional) {
  EXPECT_FALSE(Timeout{});
  EXPECT_FALSE(Timeout{std::nullopt});
  EXPECT_TRUE(Timeout{0ns});
  EXPECT_EQ(*Timeout{3ms}, 3'000'000ns);
  EXPECT_EQ(Timeout{}.value_or(5s), 5s);
  EXPECT_EQ(Timeout{1s}.value_or(5s), 1s);
  EXPECT_EQ(Timeout{std::nullopt}, Timeout{});
}

TEST(Timeout, LeastDurationIsNotForEver) {
  EXPECT_TRUE(Timeout{std::chrono::nanoseconds::min()});
  EXPECT_LT(*Timeout{std::chrono::nanoseconds::min()}, 0ns);
}

TEST(Timeout, BeganWhenItSaysAndOtherwiseNow) {
  const auto a_moment_ago = Timeout::Clock::now() - 1ms;
  EXPECT_EQ(Timeout(5ms, a_moment_ago).start(), a_moment_ago);

  const auto before = Timeout::Clock::now();
  const auto start = Timeout{5ms}.start();
  EXPECT_GE(start, before);
  EXPECT_LE(start, Timeout::Clock::now());
}

TEST(Timeout, OneThatBeganLongAgoHasPassed) {
  const auto an_hour_ago = Timeout::Clock::now() - 1h;
  EXPECT_TRUE(Deadline(Timeout(59min, an_hour_ago)).has_passed());
  EXPECT_FALSE(Deadline(Timeout(2h, an_hour_ago)).has_passed());
}

}  // namespace
}  // namespace polymux
