#include "backends/support/wake_state.hpp"

#include <gtest/gtest.h>

namespace polymux {
namespace {

TEST(WakeState, WakeOfOneThatIsAwakeNeedsNoSignalAndIsFoundBeforeSleep) {
  WakeState state;

  EXPECT_FALSE(state.request());

  EXPECT_FALSE(state.enter_sleep());
  EXPECT_TRUE(state.take());
  EXPECT_FALSE(state.take());
}

TEST(WakeState, FirstWakeOfASleeperSignalsAndTheOthersDoNot) {
  WakeState state;
  ASSERT_TRUE(state.enter_sleep());

  EXPECT_TRUE(state.request());
  EXPECT_FALSE(state.request());

  EXPECT_TRUE(state.is_requested());
  EXPECT_TRUE(state.take());
}

TEST(WakeState, SleepThatEndsWithoutWakeTakesNone) {
  WakeState state;
  ASSERT_TRUE(state.enter_sleep());

  EXPECT_FALSE(state.take());
  EXPECT_FALSE(state.request()) << "awake again";
}

TEST(WakeState, WithAlwaysSignalEachWakeAfterATakeSignals) {
  WakeState state;
  state.always_signal();

  EXPECT_TRUE(state.request());
  EXPECT_TRUE(state.take());
  EXPECT_TRUE(state.request());
  EXPECT_FALSE(state.enter_sleep());
  EXPECT_TRUE(state.take());
  EXPECT_TRUE(state.enter_sleep());
}

}  // namespace
}  // namespace polymux
