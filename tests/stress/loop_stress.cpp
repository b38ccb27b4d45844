// Tasks of many threads, timers and watchers in one loop.

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <random>
#include <thread>
#include <vector>

#include "tests/stress/stress_test.hpp"

namespace polymux::test {
namespace {

using namespace std::chrono_literals;

class LoopStress : public StressTest {};

TEST_P(LoopStress, TasksRunOnceAndInTheirOrderWhileTimersFire) {
  constexpr std::size_t thread_count = 4;
  EventLoop loop(open());
  const int tasks = scaled(20'000);
  std::array<int, thread_count> next{};
  int out_of_order = 0;
  std::size_t finished = 0;

  // Timers that set themselves anew, at random.
  int fired = 0;
  int early = 0;
  std::mt19937 random(1);
  std::vector<std::unique_ptr<Timer>> timers;
  for (std::size_t count = 0; count < 64; ++count) {
    timers.push_back(std::make_unique<Timer>(loop, [&, count] {
      ++fired;
      auto& self = *timers[count];
      if (Timer::Clock::now() < self.deadline()) ++early;
      self.start_after(std::chrono::microseconds(random() % 3000));
      timers[random() % timers.size()]->start_after(std::chrono::microseconds(random() % 3000));
    }));
  }
  for (auto& timer : timers) timer->start_after(0ms);

  // And a watcher that always has something to do.
  auto pair = socket_pair();
  int seen = 0;
  CallbackWatcher watcher(loop, [&](Ready) {
    ++seen;
    drain(pair.near);
    send(pair.far, "x");
  });
  ASSERT_TRUE(succeeded(watcher.start(pair.near.get(), Interest::read)));
  send(pair.far, "x");

  std::vector<std::thread> threads;
  for (std::size_t index = 0; index < thread_count; ++index) {
    threads.emplace_back([&, index] {
      for (int number = 0; number < tasks; ++number) {
        loop.post([&, index, number] {
          if (next[index]++ != number) ++out_of_order;
        });
      }
      loop.post([&] {
        if (++finished == thread_count) loop.stop();
      });
    });
  }
  const auto error = loop.run();
  for (auto& thread : threads) thread.join();

  EXPECT_TRUE(succeeded(error));
  EXPECT_EQ(out_of_order, 0);
  for (const int count : next) EXPECT_EQ(count, tasks);
  EXPECT_EQ(early, 0);
  EXPECT_GT(fired, 0);
  EXPECT_GT(seen, 0);
}

TEST_P(LoopStress, StopFromManyThreadsEndsEachRun) {
  EventLoop loop(open());
  for (int round = 0; round < scaled(400); ++round) {
    std::thread stopper([&] { loop.stop(); });
    const auto error = loop.run();
    stopper.join();
    ASSERT_TRUE(succeeded(error)) << "round " << round;
  }
}

POLYMUX_STRESS_EVERY_BACKEND(LoopStress);

}  // namespace
}  // namespace polymux::test
