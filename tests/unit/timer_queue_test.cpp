#include "core/loop/timer_queue.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <map>
#include <polymux/poller/registry.hpp>
#include <random>
#include <utility>
#include <vector>

#include "loop_fixture.hpp"

namespace polymux {

/// Starts and stops timers in a queue of its own, at a time of its own.
class TimerQueueTest : public LoopTest {
 protected:
  using Time = TimerQueue::Time;
  using Duration = Timer::Clock::duration;
  /// By deadline, then by the order of starting, which a multimap keeps.
  using Model = std::multimap<Time, Timer*>;

  Timer& make() {
    return timers_.emplace_back(loop, [] {});
  }

  void start(Timer& timer, Time deadline) {
    stop(timer);
    timer.deadline_ = deadline;
    queue.insert(timer);
    model.emplace(deadline, &timer);
  }

  void stop(Timer& timer) {
    if (!timer.is_active()) return;
    queue.erase(timer);
    std::erase_if(model, [&timer](const auto& entry) { return entry.second == &timer; });
  }

  /// Those that are due by `time`, of the queue and of the model.
  void expect_same_due(Time time) {
    queue.collect(time);
    std::vector<const Timer*> due;
    while (const auto* timer = queue.pop_due()) due.push_back(timer);
    std::vector<const Timer*> expected;
    const auto end = model.upper_bound(time);
    for (auto entry = model.begin(); entry != end; ++entry) expected.push_back(entry->second);
    model.erase(model.begin(), end);

    EXPECT_EQ(due, expected);
    EXPECT_EQ(queue.empty(), model.empty());
  }

  ~TimerQueueTest() override {
    for (auto& timer : timers_) stop(timer);
  }

  TimerQueue queue;
  Model model;
  std::deque<Timer> timers_;
};

namespace {

using namespace std::chrono_literals;

TEST_F(TimerQueueTest, RandomOnesAsAModelOfThem) {
  constexpr int steps = 20'000;
  std::mt19937_64 random(4711);
  const auto below = [&random](std::uint64_t end) { return random() % end; };
  std::vector<Timer*> timers;
  for (int i = 0; i < 300; ++i) timers.push_back(&make());
  auto now = Timer::Clock::now();
  for (int step = 0; step < steps; ++step) {
    auto& timer = *timers[below(timers.size())];
    // From a few nanoseconds to many years, and a bit into the past.
    const auto ahead = Duration(static_cast<Duration::rep>(random() >> (8 + below(56))));
    switch (below(8)) {
      case 0:
        stop(timer);
        break;
      case 1:
        now += Duration(static_cast<Duration::rep>(random() >> (20 + below(44))));
        expect_same_due(now);
        break;
      case 2:
        start(timer, now - Duration(static_cast<Duration::rep>(below(1000))));
        break;
      case 3:
        // Many of one deadline.
        start(timer, now + Duration(1'000'000));
        break;
      default:
        start(timer, ahead < Time::max() - now ? now + ahead : Time::max());
    }
    if (!model.empty()) {
      ASSERT_LE(queue.next(), model.begin()->first) << "step " << step;
    }
    ASSERT_FALSE(HasFailure()) << "step " << step;
  }
  expect_same_due(Time::max());
}

TEST_F(TimerQueueTest, NextIsExactForAFew) {
  const auto now = Timer::Clock::now();
  for (int i = 0; i < 30; ++i) start(make(), now + 1h + i * 7ms);
  for (int i = 30; i > 0; --i) start(make(), now + 2h + i * 7ms);

  while (!model.empty()) {
    EXPECT_EQ(queue.next(), model.begin()->first);
    stop(*model.begin()->second);
  }
}

TEST_F(TimerQueueTest, OfACrowdTheNextIsFoundInFewSteps) {
  const auto now = Timer::Clock::now();
  std::mt19937_64 random(1);
  for (int i = 0; i < 10'000; ++i) {
    start(make(), now + 1h + Duration(static_cast<Duration::rep>(random() % 1'000'000'000)));
  }

  // Who waits until `next` and looks again.
  int looks = 0;
  const auto first = model.begin()->first;
  for (auto time = queue.next(); time < first; time = queue.next()) {
    queue.collect(time);
    ASSERT_EQ(queue.pop_due(), nullptr);
    ASSERT_LT(++looks, 12);
  }

  EXPECT_EQ(queue.next(), first);
  expect_same_due(first);
}

TEST_F(TimerQueueTest, AllAtOnceComeInOrder) {
  const auto now = Timer::Clock::now();
  std::mt19937_64 random(2);
  for (int i = 0; i < 5'000; ++i) {
    start(make(), now + Duration(static_cast<Duration::rep>(random() % 20'000'000)));
  }
  for (int i = 0; i < 5'000; ++i) {
    start(make(), now - Duration(static_cast<Duration::rep>(random() % 20'000'000)));
  }

  expect_same_due(now + 1s);
}

TEST_F(TimerQueueTest, OneThatIsDueCanBeStoppedAndStartedBeforeItsTurn) {
  const auto now = Timer::Clock::now();
  auto& first = make();
  auto& stopped = make();
  auto& restarted = make();
  for (auto* timer : {&first, &stopped, &restarted}) start(*timer, now);
  queue.collect(now);

  EXPECT_EQ(queue.pop_due(), &first);
  stop(stopped);
  start(restarted, now - 1s);

  EXPECT_EQ(queue.pop_due(), nullptr);
  queue.collect(now);
  EXPECT_EQ(queue.pop_due(), &restarted);
  EXPECT_TRUE(queue.empty());
}

}  // namespace
}  // namespace polymux
