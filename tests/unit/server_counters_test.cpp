#include "core/models/server_counters.hpp"

#include <gtest/gtest.h>

#include "core/models/restart_delay.hpp"
#include "platform/child_process.hpp"
#include "platform/shared_memory.hpp"

namespace polymux {
namespace {

using namespace std::chrono_literals;

TEST(ServerCounters, WhoIsBeyondTheLimitIsRefused) {
  ServerCounters counters;
  EXPECT_TRUE(counters.enter(2));
  EXPECT_TRUE(counters.enter(2));

  EXPECT_FALSE(counters.enter(2));
  counters.leave();
  EXPECT_TRUE(counters.enter(2));

  const auto now = counters.snapshot();
  EXPECT_EQ(now.accepted, 3U);
  EXPECT_EQ(now.active, 2U);
  EXPECT_EQ(now.closed, 1U);
  EXPECT_EQ(now.refused_limit, 1U);
}

TEST(ServerCounters, ZeroIsNoLimit) {
  ServerCounters counters;
  for (int count = 0; count < 100; ++count) EXPECT_TRUE(counters.enter(0));
}

TEST(ServerCounters, AreSharedWithChildren) {
  SharedArray<ServerCounters> counters;
  ASSERT_FALSE(counters.open(2));
  const auto forked = fork_process();
  if (forked.is_child()) {
    ServerCounters::add(counters[1].bytes_in, 5);
    end_child(0);
  }

  while (!reap_child()) {
  }

  EXPECT_EQ(counters[0].bytes_in, 0U);
  EXPECT_EQ(counters[1].bytes_in, 5U);
}

TEST(RestartDelay, GrowsWhileTheyDieAtOnceAndHasAnEnd) {
  RestartDelay delay;
  EXPECT_EQ(delay.after(2s), 0s);

  EXPECT_EQ(delay.after(0s), 100ms);
  EXPECT_EQ(delay.after(0s), 200ms);
  EXPECT_EQ(delay.after(0s), 400ms);
  for (int count = 0; count < 20; ++count) static_cast<void>(delay.after(0s));
  EXPECT_EQ(delay.after(0s), 10s);

  EXPECT_EQ(delay.after(2s), 0s);
  EXPECT_EQ(delay.after(0s), 100ms);
}

}  // namespace
}  // namespace polymux
