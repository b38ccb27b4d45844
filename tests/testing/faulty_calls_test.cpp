// Calls that fail, and wakes of nobody.

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <set>
#include <system_error>
#include <thread>

#include "tests/support/clocks.hpp"
#include "tests/testing/faulty_poller_test.hpp"

namespace polymux::testing {
namespace {

using namespace std::chrono_literals;
using test::expect_ready;
using test::expect_silence;
using test::look;
using test::wait_once;

TEST_P(FaultyPollerTest, EmptyWakeEndsAWaitAndTakesNoEvent) {
  open({.empty_wake = always});
  auto [near, far] = test::socket_pair();
  add(near, first, Interest::read);

  EXPECT_EQ(wait_once(poller(), std::nullopt).result, (WaitResult{.count = 0, .woken = true}));
  test::send(far, "x");
  const auto waited = wait_once(poller(), std::nullopt);

  EXPECT_TRUE(waited.result.woken);
  EXPECT_EQ(waited.ready(first), Ready::readable);
  EXPECT_EQ(counters().empty_wakes, 2U);
}

TEST_P(FaultyPollerTest, AddThatFailsRegistersNothing) {
  const auto wanted = std::make_error_code(std::errc::no_space_on_device);
  open({.add_fails = Frequency::every(2), .add_errors = {wanted}});
  auto [near, far] = test::socket_pair();
  auto other = test::socket_pair();
  test::send(far, "x");
  add(other.near, second, Interest::read);

  EXPECT_EQ(poller().add(near.get(), first, Interest::read, Trigger::level), wanted);

  EXPECT_EQ(poller().remove(near.get()), Errc::not_registered);
  expect_silence(poller(), 20ms);
  add(near, first, Interest::read);
  expect_ready(poller(), first, Ready::readable);
  EXPECT_EQ(counters().add_failures, 1U);
}

TEST_P(FaultyPollerTest, AddFailsWithEachOfItsErrors) {
  open({.add_fails = always});
  auto [near, far] = test::socket_pair();
  std::set<std::error_code> seen;

  for (int round = 0; round < 50; ++round) {
    seen.insert(poller().add(near.get(), first, Interest::read, Trigger::level));
  }

  const FaultPlan plan;
  EXPECT_EQ(seen, std::set(plan.add_errors.begin(), plan.add_errors.end()));
}

TEST_P(FaultyPollerTest, ModifyThatFailsChangesNothing) {
  open({.modify_fails = Frequency::every(2)});
  auto [near, far] = test::socket_pair();
  add(near, first, Interest::none, Trigger::oneshot);
  modify(near, first, Interest::read, Trigger::oneshot);
  test::send(far, "x");
  expect_ready(poller(), first, Ready::readable);

  EXPECT_EQ(poller().modify(near.get(), second, Interest::read, Trigger::oneshot),
            std::errc::not_enough_memory);

  expect_silence(poller(), 20ms);
  modify(near, second, Interest::read, Trigger::oneshot);
  expect_ready(poller(), second, Ready::readable);
  EXPECT_EQ(counters().modify_failures, 1U);
}

TEST_P(FaultyPollerTest, WaitThatFailsTakesNeitherEventNorWake) {
  open({.wait_fails = Frequency::every(2)});
  auto [near, far] = test::socket_pair();
  add(near, first, Interest::read, Trigger::oneshot);
  EXPECT_TRUE(look(poller()).events.empty());
  test::send(far, "x");
  poller().wake();
  std::array<Event, 4> events{};

  EXPECT_EQ(poller().wait(events, std::nullopt).error, std::errc::not_enough_memory);

  const auto waited = wait_once(poller(), std::nullopt);
  EXPECT_TRUE(waited.result.woken);
  EXPECT_EQ(waited.ready(first), Ready::readable);
  EXPECT_EQ(counters().wait_failures, 1U);
}

TEST_P(FaultyPollerTest, WakesOfOtherThreadsAreNeverLostWithinTheContract) {
  auto plan = mixed_faults(11);
  plan.empty_wake = {};
  open(plan);
  auto [near, far] = test::socket_pair();
  add(near, first, both, Trigger::level);
  constexpr int wakes = 200;
  std::atomic<int> asked{0};
  int answered = 0;
  std::thread waker([&] {
    for (int count = 1; count <= wakes; ++count) {
      asked.store(count);
      poller().wake();
    }
  });

  // Each wait that is woken has seen all that was asked for before the wake.
  const test::Stopwatch watch;
  while (answered < wakes && watch.elapsed() < test::bound()) {
    if (wait_once(poller(), 10ms).result.woken) answered = asked.load();
  }
  waker.join();

  EXPECT_EQ(answered, wakes);
}

}  // namespace
}  // namespace polymux::testing
