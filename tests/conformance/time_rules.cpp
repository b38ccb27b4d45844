#include <poll.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <random>

#include "tests/conformance/conformance_test.hpp"
#include "tests/support/processes.hpp"

namespace polymux::test {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

class TimeRules : public ConformanceTest {
 protected:
  /// Waits in vain, and checks that the wait neither gave anything nor ended early.
  nanoseconds wait_in_vain(nanoseconds timeout) {
    const auto waited = wait_once(poller(), timeout);
    EXPECT_EQ(waited.result, WaitResult{}) << ::testing::PrintToString(waited);
    EXPECT_GE(waited.took, timeout) << "ended " << (timeout - waited.took).count()
                                    << " ns early of " << timeout.count() << " ns";
    return waited.took;
  }

  [[nodiscard]] nanoseconds rounded_up(nanoseconds timeout) {
    const auto step = capabilities().timeout_step;
    return (timeout + step - 1ns) / step * step;
  }
};
POLYMUX_FOR_EVERY_SUBJECT(TimeRules);

TEST_P(TimeRules, Time1WaitNeverEndsEarly) {
  auto [near, far] = connected_pair();
  add(near, Token{1}, Interest::read);

  for (const auto timeout : {1ms, 3ms, 10ms, 33ms, 101ms}) wait_in_vain(timeout);
}

TEST_P(TimeRules, Time1NoneOfManyRandomWaitsEndsEarly) {
  std::minstd_rand random(93);
  std::uniform_int_distribution<int> upto(1, 1'500'000);
  allow_cpu(120ms);

  for (int round = 0; round < 200; ++round) wait_in_vain(nanoseconds(upto(random)));
}

TEST_P(TimeRules, Time2FractionIsRoundedUpNeverDown) {
  const auto step = capabilities().timeout_step;
  ASSERT_GT(step, 0ns);

  for (const nanoseconds timeout : {1ns, 999ns, 1001ns, 400'000ns, 999'999ns, 1'000'001ns}) {
    wait_in_vain(timeout);
    wait_in_vain(std::max(step - 1ns, 1ns));
    wait_in_vain(step + 1ns);
  }
}

TEST_P(TimeRules, Time2NoMoreIsAddedThanTheStep) {
  // A machine that is busy makes many of these late, but not the best of all.
  auto shortest = nanoseconds::max();
  for (int round = 0; round < 40; ++round) {
    shortest = std::min(shortest, wait_in_vain(400us));
  }

  EXPECT_LT(shortest, rounded_up(400us) + 700us * slowness())
      << "step " << capabilities().timeout_step.count() << " ns";
}

TEST_P(TimeRules, Time3ZeroAndLessLookAndReturn) {
  auto [near, far] = connected_pair();
  add(near, Token{1}, Interest::read);

  for (const nanoseconds timeout : {0ns, -1ns, -1'000'000ns, nanoseconds::min()}) {
    auto shortest = nanoseconds::max();
    for (int round = 0; round < 10; ++round) {
      const auto waited = wait_once(poller(), timeout);
      EXPECT_EQ(waited.result, WaitResult{});
      shortest = std::min(shortest, waited.took);
    }
    EXPECT_LT(shortest, 500us * slowness()) << "time-out " << timeout.count() << " ns";
  }
  send(far, "x");
  expect_ready(Token{1}, Ready::readable);
  for (const nanoseconds timeout : {0ns, -1ns, nanoseconds::min()}) {
    EXPECT_EQ(wait_once(poller(), timeout).ready(Token{1}), Ready::readable) << timeout.count();
  }
}

TEST_P(TimeRules, Time4HugeTimeOutIsNoShortOne) {
  // Where int milliseconds, 32-bit milliseconds, a clock plus a time-out and the type itself end.
  constexpr std::chrono::milliseconds int_end{2'147'483'647};
  constexpr std::chrono::milliseconds unsigned_end{4'294'967'296};
  for (const nanoseconds timeout :
       {nanoseconds(int_end), nanoseconds(int_end + 1ms), nanoseconds(unsigned_end),
        nanoseconds(unsigned_end + 1ms), nanoseconds(24h * 365 * 100), nanoseconds::max() - 1ns,
        nanoseconds::max()}) {
    const Later later(15ms, [this] { poller().wake(); });

    const auto waited = wait_once(poller(), timeout);

    EXPECT_EQ(waited.result, (WaitResult{.woken = true}))
        << "time-out " << timeout.count() << " ns";
    EXPECT_LT(waited.took, bound());
  }
}

TEST_P(TimeRules, Time5SignalsDoNotEndAWait) {
  auto [near, far] = connected_pair();
  add(near, Token{1}, Interest::read);
  const AlarmStorm storm(10ms);

  const auto took = wait_in_vain(400ms);

  EXPECT_GE(storm.count(), 5) << "the storm did not blow";
  EXPECT_LT(took, 400ms + 300ms * slowness()) << "signals made the wait longer";
}

TEST_P(TimeRules, Time5AThousandSignalsASecondDoNotLengthenAWait) {
  const AlarmStorm storm(1ms);

  const auto took = wait_in_vain(200ms);

  EXPECT_GE(storm.count(), 20) << "the storm did not blow";
  EXPECT_LT(took, 200ms + 300ms * slowness());
}

TEST_P(TimeRules, Time5SignalsLoseNoEvent) {
  // Told once: what an interrupted wait has taken comes back by no later one.
  auto [near, far] = connected_pair();
  const AlarmStorm storm(1ms);
  for (int round = 0; round < 5; ++round) {
    add(near, Token{1}, Interest::read, Trigger::oneshot);
    {
      const Later later(10ms, [&far = far] { send(far, "x"); });

      EXPECT_EQ(expect_ready(Token{1}, Ready::readable), Ready::readable) << "round " << round;
    }
    drain(near);
    EXPECT_TRUE(succeeded(poller().remove(near.get())));
  }
}

TEST_P(TimeRules, Time6WithoutTimeOutOnlyAnEventOrAWakeEndsAWait) {
  auto [near, far] = connected_pair();
  add(near, Token{1}, Interest::read);
  const AlarmStorm storm(5ms);
  {
    const Later later(100ms, [&far = far] { send(far, "x"); });
    const auto waited = wait_once(poller(), std::nullopt);
    EXPECT_EQ(waited.ready(Token{1}), Ready::readable);
  }
  drain(near);
  {
    const Later later(100ms, [this] { poller().wake(); });
    const auto waited = wait_once(poller(), std::nullopt);
    EXPECT_EQ(waited.result, (WaitResult{.woken = true}));
  }
}

TEST_P(TimeRules, Time7EachTimeOutIsCountedAfresh) {
  constexpr nanoseconds timeout = 30ms;

  for (int round = 0; round < 3; ++round) {
    const auto took = wait_in_vain(timeout);
    EXPECT_LT(took, bound()) << "round " << round;
  }
  auto [near, far] = connected_pair();
  add(near, Token{1}, Interest::write);
  expect_ready(Token{1}, Ready::writable);
  modify(near, Token{1}, Interest::none);
  wait_in_vain(timeout);
}

TEST_P(TimeRules, Time8StoppedProcessWaitsOn) {
  auto [near, far] = connected_pair();
  const auto ready = open_pipe();
  Child child([&, &near = near] {
    const auto own = open_another();
    if (!own || own->add(near.get(), Token{1}, Interest::read)) return 1;
    std::array<Event, 4> buffer{};
    const Stopwatch watch;
    send(ready.writer, "x");
    const auto result = own->wait(buffer, 250ms);
    if (result.error) return 2;
    if (result != WaitResult{}) return 3;
    return watch.elapsed() >= 250ms ? 0 : 4;
  });
  ASSERT_TRUE(is_ready_for(ready.reader, POLLIN));

  int stops = 0;
  for (; stops < 10; ++stops) {
    wait_in_vain(5ms);
    if (!child.stop_and_continue()) break;
  }

  EXPECT_GE(stops, 1) << "the child ended before it was stopped";
  EXPECT_EQ(child.wait(), 0);
}

}  // namespace
}  // namespace polymux::test

POLYMUX_SUITE_PART(time_rules)
