#include "core/models/measured_poller.hpp"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <polymux/poller/registry.hpp>
#include <thread>

#include "loop_fixture.hpp"

namespace polymux {
namespace {

using namespace std::chrono_literals;

TEST(MeasuredPoller, CountsWhatAWaitFinds) {
  MeasuredPoller poller(open_poller().poller);
  const Pipe one;
  const Pipe other;
  ASSERT_FALSE(poller.add(one.reader.get(), Token{1}, Interest::read, Trigger::level));
  ASSERT_FALSE(poller.add(other.reader.get(), Token{2}, Interest::read, Trigger::level));
  std::array<Event, 8> events{};

  EXPECT_EQ(poller.wait(events, 0ns).count, 0U);
  one.fill();
  EXPECT_EQ(poller.wait(events, 0ns).count, 1U);
  other.fill();
  EXPECT_EQ(poller.wait(events, 0ns).count, 2U);

  LoopTotals totals;
  poller.measures().add_to(totals);
  EXPECT_EQ(totals.events.counts[0], 1U);
  EXPECT_EQ(totals.events.counts[1], 1U);
  EXPECT_EQ(totals.events.counts[2], 1U);
  EXPECT_EQ(totals.events.sum, 3U);
}

TEST(MeasuredPoller, MeasuresFromTheEndOfAWaitToTheNext) {
  LoopMeasures elsewhere;
  MeasuredPoller poller(open_poller().poller, &elsewhere);
  std::array<Event, 8> events{};

  EXPECT_FALSE(poller.wait(events, 20ms).error);
  LoopTotals waited;
  elsewhere.add_to(waited);
  // In the place of work, which takes as long: nothing is waited for.
  std::this_thread::sleep_for(3ms);
  EXPECT_FALSE(poller.wait(events, 0ns).error);
  LoopTotals worked;
  elsewhere.add_to(worked);

  EXPECT_EQ(waited.turn_time.sum, 0U);
  EXPECT_GE(worked.turn_time.sum, 3'000'000U);
  EXPECT_EQ(worked.events.counts[0], 2U);
}

}  // namespace
}  // namespace polymux
