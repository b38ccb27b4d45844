// Faults of what a wait reports: who is ready, when it is said, in which order, with which flags.

#include <gtest/gtest.h>
#include <poll.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <set>
#include <vector>

#include "tests/testing/faulty_poller_test.hpp"

namespace polymux::testing {
namespace {

using namespace std::chrono_literals;
using test::expect_ready;
using test::expect_silence;
using test::look;
using test::succeeded;
using test::wait_once;

TEST_P(FaultyPollerTest, SpuriousReadinessEndsAWaitWithoutACause) {
  open({.spurious = always});
  auto [near, far] = test::socket_pair();
  add(near, first, Interest::read);

  const auto waited = wait_once(poller(), std::nullopt);

  EXPECT_EQ(waited.events, (std::vector{Event{first, Ready::readable}}));
  EXPECT_EQ(test::drain(near), "");
  EXPECT_EQ(counters().spurious, 1U);
}

TEST_P(FaultyPollerTest, SpuriousReadinessNamesOnlyWhatWasAskedFor) {
  open({.spurious = always});
  auto silent = test::socket_pair();
  auto read = test::socket_pair();
  auto written = test::socket_pair();
  test::fill(written.near);
  add(silent.near, Token{0}, Interest::none);
  add(read.near, first, Interest::read);
  add(written.near, second, Interest::write);
  std::set<Token> seen;

  for (int round = 0; round < 50; ++round) {
    for (const auto& event : look(poller()).events) {
      seen.insert(event.token);
      EXPECT_EQ(event.ready, event.token == first ? Ready::readable : Ready::writable);
    }
  }

  EXPECT_EQ(seen, (std::set{first, second}));
}

TEST_P(FaultyPollerTest, SpuriousReadinessJoinsTheEventThatIsThere) {
  open({.spurious = always});
  auto [near, far] = test::socket_pair();
  test::send(far, "x");
  test::fill(near);
  add(near, first, both);

  for (int round = 0; round < 50; ++round) {
    const auto waited = look(poller());
    ASSERT_EQ(waited.events.size(), 1U);
    EXPECT_TRUE(contains(waited.events.front().ready, Ready::readable));
  }

  EXPECT_GT(counters().spurious, 0U);
}

TEST_P(FaultyPollerTest, SpuriousReadinessOfAOneshotIsItsReport) {
  open({.spurious = always});
  auto [near, far] = test::socket_pair();
  add(near, first, Interest::read, Trigger::oneshot);
  EXPECT_EQ(look(poller()).ready(first), Ready::readable);
  test::send(far, "x");

  expect_silence(poller(), 30ms);
  EXPECT_EQ(counters().spurious, 1U);

  modify(near, second, Interest::read, Trigger::oneshot);
  expect_ready(poller(), second, Ready::readable);
}

TEST_P(FaultyPollerTest, SpuriousReadinessIsNotSaidOfAClosedDescriptor) {
  open({.spurious = always});
  auto [near, far] = test::socket_pair();
  add(near, first, Interest::read);
  const int number = near.get();
  near.reset();

  for (int round = 0; round < 10; ++round) {
    EXPECT_FALSE(contains(look(poller()).ready(first), Ready::readable));
  }

  EXPECT_EQ(counters().spurious, 0U);
  EXPECT_TRUE(succeeded(poller().remove(number)));
}

TEST_P(FaultyPollerTest, LateEventIsLeftOutOfAWaitThatOnlyLooks) {
  open({.late = always, .most_late_waits = 1});
  with_each_trigger([&](const test::Pair& /*pair*/) {
    EXPECT_TRUE(look(poller()).events.empty());
    EXPECT_EQ(look(poller()).ready(first), Ready::readable);
  });

  EXPECT_EQ(counters().late, triggers().size());
}

TEST_P(FaultyPollerTest, LateEventIsLeftOutOfAsManyWaitsAsThePlanAllows) {
  constexpr std::uint32_t most = 3;
  open({.late = always, .most_late_waits = most});
  for (const auto trigger : triggers()) {
    SCOPED_TRACE(to_string(trigger));
    std::set<std::uint32_t> misses;
    for (int round = 0; round < 50; ++round) {
      const auto pair = add_ready(trigger);
      std::uint32_t missed = 0;
      while (missed <= most && look(poller()).events.empty()) ++missed;
      misses.insert(missed);
      EXPECT_TRUE(succeeded(poller().remove(pair.near.get())));
    }
    EXPECT_EQ(misses, (std::set<std::uint32_t>{1, 2, 3}));
  }
}

TEST_P(FaultyPollerTest, NoWaitSleepsThroughALateEvent) {
  open({.late = always, .most_late_waits = 100});
  with_each_trigger([&](const test::Pair& /*pair*/) {
    EXPECT_EQ(wait_once(poller(), std::nullopt).ready(first), Ready::readable);
  });
}

TEST_P(FaultyPollerTest, LateEventIsOvertakenByOthers) {
  open({.late = Frequency::every(2), .most_late_waits = 1});
  auto one = test::socket_pair();
  auto other = test::socket_pair();
  add(one.near, first, Interest::write);
  add(other.near, second, Interest::write);

  const auto before = wait_once(poller(), std::nullopt);
  const auto after = wait_once(poller(), std::nullopt);

  EXPECT_EQ(before.events.size(), 1U);
  EXPECT_EQ(after.events.size(), 2U);
}

TEST_P(FaultyPollerTest, LateEventWhoseCauseHasGoneIsNotTold) {
  open({.late = always, .most_late_waits = 1});
  with_each_trigger([&](const test::Pair& pair) {
    EXPECT_TRUE(look(poller()).events.empty());

    EXPECT_EQ(test::drain(pair.near), "x");

    expect_silence(poller(), 20ms);
  });
}

TEST_P(FaultyPollerTest, LateOneshotIsToldOnce) {
  open({.late = always});
  const auto pair = add_ready(Trigger::oneshot);

  expect_ready(poller(), first, Ready::readable);

  expect_silence(poller(), 20ms);
}

TEST_P(FaultyPollerTest, PollableHandleIsReadableWhileAnEdgeIsLate) {
  open({.late = always, .most_late_waits = 1});
  const auto handle = poller().pollable_handle();
  if (!handle) GTEST_SKIP() << "the backend has no pollable handle";
  with_each_trigger([&](const test::Pair& /*pair*/) {
    EXPECT_TRUE(look(poller()).events.empty());

    pollfd asked{.fd = *handle, .events = POLLIN, .revents = 0};
    EXPECT_EQ(::poll(&asked, 1, 1000), 1);

    EXPECT_EQ(look(poller()).ready(first), Ready::readable);
  });
}

TEST_P(FaultyPollerTest, EventsOfAWaitAreReordered) {
  open({.reordered = always});
  const auto pairs = add_writable(8);
  std::set<std::vector<Token>> orders;

  for (int round = 0; round < 10; ++round) {
    std::vector<Token> order;
    for (const auto& event : look(poller()).events) order.push_back(event.token);
    ASSERT_EQ(std::set(order.begin(), order.end()).size(), pairs.size());
    orders.insert(order);
  }

  EXPECT_GT(orders.size(), 5U);
  EXPECT_EQ(counters().reordered, 10U);
}

TEST_P(FaultyPollerTest, ShortBatchesReportEveryoneInTurn) {
  open({.short_batch = always, .short_batch_room = 1});
  const auto pairs = add_writable(6);
  std::set<Token> seen;

  for (std::size_t round = 0; round < pairs.size(); ++round) {
    const auto waited = look(poller());
    ASSERT_EQ(waited.events.size(), 1U);
    seen.insert(waited.events.front().token);
  }

  EXPECT_EQ(seen.size(), pairs.size());
  EXPECT_EQ(counters().short_batches, pairs.size());
}

TEST_P(FaultyPollerTest, HintsAreDroppedAndDirectionsStay) {
  open({});
  auto [near, far] = test::connected_pair();
  add(near, first, both);
  far.reset();
  ASSERT_TRUE(test::is_ready_for(near, POLLIN));
  const auto plain = Ready::readable | Ready::writable;
  const auto told = look(poller()).ready(first);

  poller().set_plan({.hints_dropped = always});

  EXPECT_EQ(look(poller()).ready(first), plain);
  EXPECT_EQ(counters().hints_dropped, told == plain ? 0U : 1U);
}

}  // namespace
}  // namespace polymux::testing
