#include "apps/polymux/load/pacer.hpp"

#include <gtest/gtest.h>

namespace load {
namespace {

using namespace std::chrono_literals;

constexpr Instant start{1h};

TEST(ClosedLoop, HasARequestAtAnyMoment) {
  Pacer pacer(Pacer::no_limit);

  EXPECT_EQ(pacer.take(start), start);
  EXPECT_EQ(pacer.take(start), start);
  EXPECT_FALSE(pacer.next_due());
  EXPECT_FALSE(pacer.is_exhausted());
  EXPECT_FALSE(pacer.is_open_loop());
}

TEST(ClosedLoop, EndsAfterSoManyRequests) {
  Pacer pacer(2);
  EXPECT_TRUE(pacer.take(start) && pacer.take(start));

  EXPECT_FALSE(pacer.take(start));
  EXPECT_TRUE(pacer.is_exhausted());
}

TEST(ClosedLoop, EndsWhenItIsTold) {
  Pacer pacer(Pacer::no_limit);

  pacer.end(start);

  EXPECT_FALSE(pacer.take(start));
  EXPECT_TRUE(pacer.is_exhausted());
  EXPECT_EQ(pacer.overdue(), 0U);
}

TEST(OpenLoop, NothingIsDueBeforeItsInstant) {
  Pacer pacer(Pacer::no_limit, Schedule(start, 1000, 0, 1));

  EXPECT_EQ(pacer.take(start), start);
  EXPECT_FALSE(pacer.take(start + 1ms - 1ns));
  EXPECT_EQ(pacer.next_due(), start + 1ms);
  EXPECT_EQ(pacer.take(start + 1ms), start + 1ms);
}

TEST(OpenLoop, WhatWasLateHasWaitedSinceItsInstant) {
  Pacer pacer(Pacer::no_limit, Schedule(start, 1000, 0, 1));

  for (int index = 0; index < 3; ++index) {
    EXPECT_EQ(pacer.take(start + 2ms), start + index * 1ms);
  }
  EXPECT_FALSE(pacer.take(start + 2ms));
}

TEST(OpenLoop, AfterTheEndWhatWasDueIsStillTaken) {
  Pacer pacer(Pacer::no_limit, Schedule(start, 1000, 0, 1));

  pacer.end(start + 3ms);

  EXPECT_EQ(pacer.overdue(), 3U);
  EXPECT_FALSE(pacer.is_exhausted());
  EXPECT_EQ(pacer.take(start + 10ms), start);
  EXPECT_EQ(pacer.overdue(), 2U);
  EXPECT_TRUE(pacer.take(start + 10ms) && pacer.take(start + 10ms));
  EXPECT_FALSE(pacer.take(start + 10ms));
  EXPECT_TRUE(pacer.is_exhausted());
  EXPECT_EQ(pacer.overdue(), 0U);
}

TEST(OpenLoop, EndsAfterSoManyRequests) {
  Pacer pacer(1, Schedule(start, 1000, 0, 1));
  EXPECT_TRUE(pacer.take(start + 1s));

  EXPECT_FALSE(pacer.take(start + 1s));
  EXPECT_TRUE(pacer.is_exhausted());
  EXPECT_FALSE(pacer.next_due());
  pacer.end(start + 1s);
  EXPECT_EQ(pacer.overdue(), 0U);
}

}  // namespace
}  // namespace load
