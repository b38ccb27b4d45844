#include <gtest/gtest.h>

#include <array>
#include <string>

#include <polymux/testing/fault_plan.hpp>

#include "core/testing/random.hpp"

namespace polymux::testing {
namespace {

int strikes(Frequency often, int times) {
  Random random(7);
  Die die(often);
  int count = 0;
  for (int time = 0; time < times; ++time) count += die.roll(random) ? 1 : 0;
  return count;
}

// The first three of seed 0 are those of the authors' own program.
TEST(RandomTest, IsTheSameOnEverySystem) {
  Random random(0);

  EXPECT_EQ(random.next(), 0xe220a8397b1dcdafU);
  EXPECT_EQ(random.next(), 0x6e789e6aa1b965f4U);
  EXPECT_EQ(random.next(), 0x06c45d188009454fU);
}

TEST(RandomTest, StaysWithinItsBounds) {
  Random random(3);
  std::array<int, 5> seen{};
  for (int round = 0; round < 1000; ++round) {
    ++seen.at(random.below(seen.size()));
    const auto fraction = random.fraction();
    ASSERT_TRUE(fraction >= 0 && fraction < 1) << fraction;
  }

  for (const int count : seen) EXPECT_GT(count, 100);
}

TEST(FrequencyTest, IsNeverUnlessTold) {
  EXPECT_EQ(strikes({}, 1000), 0);
  EXPECT_EQ(strikes(Frequency::every(0), 1000), 0);
  EXPECT_EQ(strikes(Frequency::chance(0), 1000), 0);
  EXPECT_EQ(strikes(Frequency::chance(-1), 1000), 0);
}

TEST(FrequencyTest, EveryStrikesTheNthTime) {
  Random random(7);
  Die die(Frequency::every(3));

  for (int time = 1; time <= 9; ++time) EXPECT_EQ(die.roll(random), time % 3 == 0) << time;
}

TEST(FrequencyTest, ChanceIsAProbability) {
  EXPECT_EQ(strikes(Frequency::chance(1), 1000), 1000);
  EXPECT_EQ(strikes(Frequency::chance(5), 1000), 1000);
  EXPECT_NEAR(strikes(Frequency::chance(0.25), 10'000), 2500, 200);
}

TEST(FaultPlanTest, EmptyOneIsWithinTheContract) {
  EXPECT_TRUE(is_within_contract({}));
}

TEST(FaultPlanTest, WhatIsBeyondIsSaid) {
  const auto always = Frequency::every(1);
  EXPECT_FALSE(is_within_contract({.beyond = {.lost = always}}));
  EXPECT_FALSE(is_within_contract({.beyond = {.early_return = always}}));
  EXPECT_FALSE(is_within_contract({.beyond = {.interrupted = always}}));
  EXPECT_FALSE(is_within_contract({.beyond = {.lost_wake = always}}));
}

TEST(FaultPlanTest, MixedFaultsAreWithinTheContractAndFailNoCall) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const auto plan = mixed_faults(seed);

    EXPECT_EQ(plan.seed, seed);
    EXPECT_TRUE(is_within_contract(plan));
    EXPECT_TRUE(plan.add_fails.is_never() && plan.modify_fails.is_never() &&
                plan.wait_fails.is_never());
  }
}

TEST(FaultPlanTest, MixedFaultsAreThereWithSomeSeedsAndAwayWithOthers) {
  for (const auto fault :
       {&FaultPlan::spurious, &FaultPlan::late, &FaultPlan::reordered, &FaultPlan::short_batch,
        &FaultPlan::hints_dropped, &FaultPlan::empty_wake}) {
    int away = 0;
    for (std::uint64_t seed = 0; seed < 30; ++seed) {
      away += (mixed_faults(seed).*fault).is_never() ? 1 : 0;
    }
    EXPECT_GT(away, 2);
    EXPECT_LT(away, 28);
  }
}

TEST(FaultCountersTest, ToldInOneLine) {
  EXPECT_EQ(to_string(FaultCounters{}), "no fault in 0 waits");
  const FaultCounters counters{.waits = 20, .events = 9, .spurious = 3, .lost_wakes = 1};
  EXPECT_EQ(to_string(counters), "3 spurious, 1 lost wakes in 20 waits");
  EXPECT_EQ(counters.injected(), 4U);
}

}  // namespace
}  // namespace polymux::testing
