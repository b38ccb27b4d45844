#include "platform/wait_set.hpp"

#include <gtest/gtest.h>

#include "loop_fixture.hpp"

namespace polymux {
namespace {

using namespace std::chrono_literals;
using Clock = WaitSet::Clock;

TEST(WaitSet, ReportsTheOneThatIsReady) {
  const Pipe quiet;
  const Pipe full;
  full.fill();
  WaitSet waited(3);
  waited.await(0, quiet.reader.get(), Interest::read);
  waited.await(2, full.reader.get(), Interest::read);

  ASSERT_FALSE(waited.wait(Clock::time_point::max()));

  EXPECT_FALSE(waited.is_ready(0));
  EXPECT_FALSE(waited.is_ready(1));
  EXPECT_TRUE(waited.is_ready(2));
}

TEST(WaitSet, ReportsAPeerThatHasGone) {
  Pipe pipe;
  pipe.writer.reset();
  WaitSet waited(1);
  waited.await(0, pipe.reader.get(), Interest::read);

  ASSERT_FALSE(waited.wait(Clock::time_point::max()));

  EXPECT_TRUE(waited.is_ready(0));
}

TEST(WaitSet, WhatIsIgnoredIsNotReported) {
  const Pipe full;
  full.fill();
  WaitSet waited(1);
  waited.await(0, full.reader.get(), Interest::read);
  waited.ignore(0);

  ASSERT_FALSE(waited.wait(Clock::now()));

  EXPECT_FALSE(waited.is_ready(0));
}

TEST(WaitSet, IsNeverEarly) {
  WaitSet waited(0);
  const auto until = Clock::now() + 20'500us;

  ASSERT_FALSE(waited.wait(until));

  EXPECT_GE(Clock::now(), until);
}

}  // namespace
}  // namespace polymux
