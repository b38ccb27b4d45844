#include <polymux/loop/timer.hpp>

#include <algorithm>
#include <memory>
#include <random>
#include <vector>

#include "loop_fixture.hpp"

namespace polymux {
namespace {

using namespace std::chrono_literals;
using TimerTest = LoopTest;

TEST_F(TimerTest, FiresOnceAndNotBeforeItsTime) {
  int fired = 0;
  const auto started = Timer::Clock::now();
  Timer timer(loop, [&] {
    ++fired;
    loop.stop();
  });

  timer.start_after(5ms);
  run();
  turn();

  EXPECT_GE(Timer::Clock::now() - started, 5ms);
  EXPECT_EQ(fired, 1);
  EXPECT_FALSE(timer.is_active());
}

TEST_F(TimerTest, ManyRandomOnesFireInOrderAndNoneEarly) {
  constexpr int count = 10'000;
  std::mt19937 random(4711);
  std::uniform_int_distribution<int> delay(0, 50'000);
  std::vector<std::unique_ptr<Timer>> timers;
  int fired = 0;
  int early = 0;
  int disorder = 0;
  Timer::Clock::time_point last{};
  const auto start = Timer::Clock::now();
  for (int i = 0; i < count; ++i) {
    const auto deadline = start + std::chrono::microseconds(delay(random));
    timers.push_back(std::make_unique<Timer>(loop, [&, deadline] {
      if (Timer::Clock::now() < deadline) ++early;
      if (deadline < last) ++disorder;
      last = deadline;
      if (++fired == count) loop.stop();
    }));
    timers.back()->start_at(deadline);
  }

  run();

  EXPECT_EQ(fired, count);
  EXPECT_EQ(early, 0);
  EXPECT_EQ(disorder, 0);
}

TEST_F(TimerTest, StopInAnyOrderKeepsTheOthersInOrder) {
  std::mt19937 random(42);
  std::vector<std::unique_ptr<Timer>> timers;
  std::vector<int> fired;
  const auto start = Timer::Clock::now();
  for (int i = 0; i < 300; ++i) {
    timers.push_back(std::make_unique<Timer>(loop, [&fired, i] { fired.push_back(i); }));
    timers.back()->start_at(start - 1s + std::chrono::milliseconds(i));
  }
  std::vector<int> doomed(300);
  for (int i = 0; i < 300; ++i) doomed[static_cast<std::size_t>(i)] = i;
  std::ranges::shuffle(doomed, random);
  doomed.resize(150);
  for (const int i : doomed) timers[static_cast<std::size_t>(i)]->stop();

  turn();

  EXPECT_EQ(fired.size(), 150U);
  EXPECT_TRUE(std::ranges::is_sorted(fired));
  for (const int i : doomed) EXPECT_EQ(std::ranges::count(fired, i), 0) << i;
}

TEST_F(TimerTest, EqualDeadlinesFireInTheOrderOfStarting) {
  std::vector<std::unique_ptr<Timer>> timers;
  std::vector<int> fired;
  const auto deadline = Timer::Clock::now();
  for (int i = 0; i < 100; ++i) {
    timers.push_back(std::make_unique<Timer>(loop, [&fired, i] { fired.push_back(i); }));
    timers.back()->start_at(deadline);
  }

  turn();

  EXPECT_EQ(fired.size(), 100U);
  EXPECT_TRUE(std::ranges::is_sorted(fired));
}

TEST_F(TimerTest, StartOfAnActiveOneSetsItAnew) {
  int fired = 0;
  Timer timer(loop, [&] { ++fired; });
  timer.start_after(0ns);

  timer.start_after(1h);
  turn();

  EXPECT_EQ(fired, 0);
  EXPECT_TRUE(timer.is_active());
}

TEST_F(TimerTest, OneThatACallbackStartsFiresInALaterTurn) {
  int fired = 0;
  Timer timer(loop, [&] {
    ++fired;
    timer.start_after(0ns);
  });
  timer.start_after(-1s);

  turn();
  EXPECT_EQ(fired, 1);
  turn();
  EXPECT_EQ(fired, 2);
}

TEST_F(TimerTest, CallbackMayStopAndDestroyTheOthersThatAreDue) {
  int fired = 0;
  auto doomed = std::make_unique<Timer>(loop, [&] { ++fired; });
  Timer stopped(loop, [&] { ++fired; });
  Timer first(loop, [&] {
    doomed.reset();
    stopped.stop();
  });
  const auto now = Timer::Clock::now();
  first.start_at(now);
  doomed->start_at(now);
  stopped.start_at(now);

  turn();

  EXPECT_EQ(fired, 0);
}

TEST_F(TimerTest, MayDestroyItself) {
  int fired = 0;
  std::unique_ptr<Timer> timer;
  timer = std::make_unique<Timer>(loop, [&] {
    timer.reset();
    ++fired;
  });
  timer->start_after(0ns);

  turn();
  turn();

  EXPECT_EQ(fired, 1);
}

TEST_F(TimerTest, LongestDelayIsNeverAndDoesNotOverflow) {
  int fired = 0;
  Timer timer(loop, [&] { ++fired; });

  timer.start_after(std::chrono::nanoseconds::max());
  turn();

  EXPECT_EQ(fired, 0);
  EXPECT_EQ(timer.deadline(), Timer::Clock::time_point::max());
}

}  // namespace
}  // namespace polymux
