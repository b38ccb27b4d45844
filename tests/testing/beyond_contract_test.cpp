// Faults that no backend may have.

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <system_error>

#include "tests/testing/faulty_poller_test.hpp"

namespace polymux::testing {
namespace {

using namespace std::chrono_literals;
using test::expect_ready;
using test::expect_silence;
using test::look;
using test::wait_once;

TEST_P(FaultyPollerTest, LostOneshotIsNeverTold) {
  open({.beyond = {.lost = always}});
  const auto pair = add_ready(Trigger::oneshot);

  expect_silence(poller(), 20ms);

  EXPECT_EQ(counters().lost, 1U);
  poller().set_plan({});
  modify(pair.near, first, Interest::read, Trigger::oneshot);
  expect_ready(poller(), first, Ready::readable);
}

TEST_P(FaultyPollerTest, LostEdgeIsNeverTold) {
  open({.beyond = {.lost = always}});
  if (!poller().capabilities().edge) GTEST_SKIP() << "the backend has no edge trigger";
  const auto pair = add_ready(Trigger::edge);

  expect_silence(poller(), 20ms);

  EXPECT_EQ(counters().lost, 1U);
}

TEST_P(FaultyPollerTest, LevelIsNeverLost) {
  open({.beyond = {.lost = always}});
  const auto pair = add_ready(Trigger::level);

  expect_ready(poller(), first, Ready::readable);
}

TEST_P(FaultyPollerTest, EarlyReturnSaysNothing) {
  open({.beyond = {.early_return = always}});

  EXPECT_EQ(wait_once(poller(), std::nullopt).result, WaitResult{});
  EXPECT_EQ(wait_once(poller(), 1h).result, WaitResult{});
  EXPECT_EQ(look(poller()).result, WaitResult{});

  EXPECT_EQ(counters().early_returns, 2U) << "one that only looks cannot be early";
}

TEST_P(FaultyPollerTest, InterruptedWaitSaysSo) {
  open({.beyond = {.interrupted = always}});
  std::array<Event, 4> events{};

  EXPECT_EQ(poller().wait(events, std::nullopt).error, std::errc::interrupted);
}

TEST_P(FaultyPollerTest, LostWakeIsNotTold) {
  open({.beyond = {.lost_wake = always}});
  poller().wake();

  expect_silence(poller(), 20ms);

  EXPECT_EQ(counters().lost_wakes, 1U);
}

}  // namespace
}  // namespace polymux::testing
