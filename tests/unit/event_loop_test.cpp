#include <polymux/loop/event_loop.hpp>

#include <atomic>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

#include "loop_fixture.hpp"

namespace polymux {
namespace {

using namespace std::chrono_literals;
using EventLoopTest = LoopTest;

TEST_F(EventLoopTest, StopBeforeRunMakesItReturnAtOnce) {
  loop.stop();

  run();
}

TEST_F(EventLoopTest, StopCountsForOneRun) {
  loop.stop();
  run();
  int fired = 0;
  Timer timer(loop, [&] {
    ++fired;
    loop.stop();
  });
  timer.start_after(1ms);

  run();

  EXPECT_EQ(fired, 1);
}

TEST_F(EventLoopTest, StopFromAnotherThreadEndsAWaitThatHasNoEnd) {
  std::thread stopper([this] { loop.stop(); });

  run();

  stopper.join();
}

TEST_F(EventLoopTest, RunFromACallbackIsRefused) {
  std::error_code refused;
  loop.post([&] { refused = loop.run_once(); });

  turn();

  EXPECT_EQ(refused, std::errc::operation_in_progress);
}

TEST_F(EventLoopTest, OneTurnEndsWithItsTimeOut) {
  const auto start = Timer::Clock::now();

  ASSERT_FALSE(loop.run_once(3ms));

  EXPECT_GE(Timer::Clock::now() - start, 3ms);
}

TEST_F(EventLoopTest, TasksRunInOrderAndTheirTasksInTheNextTurn) {
  std::vector<int> ran;
  loop.post([&] {
    ran.push_back(1);
    loop.post([&] { ran.push_back(3); });
  });
  loop.post([&] { ran.push_back(2); });

  turn();
  EXPECT_EQ(ran, (std::vector<int>{1, 2}));
  turn();
  EXPECT_EQ(ran, (std::vector<int>{1, 2, 3}));
}

TEST_F(EventLoopTest, EachTaskOfManyThreadsRunsOnceInTheLoopsThread) {
  constexpr int threads = 4;
  constexpr int each = 5'000;
  int ran = 0;
  const auto here = std::this_thread::get_id();
  bool is_elsewhere = false;
  std::vector<std::thread> posters;
  for (int i = 0; i < threads; ++i) {
    posters.emplace_back([&] {
      for (int task = 0; task < each; ++task) {
        loop.post([&] {
          is_elsewhere = is_elsewhere || std::this_thread::get_id() != here;
          if (++ran == threads * each) loop.stop();
        });
      }
    });
  }

  run();

  for (auto& poster : posters) poster.join();
  EXPECT_EQ(ran, threads * each);
  EXPECT_FALSE(is_elsewhere);
}

TEST_F(EventLoopTest, TaskThatThrowsDoesNotCostTheOthersTheirTurn) {
  std::vector<int> ran;
  loop.post([&] {
    ran.push_back(1);
    throw std::runtime_error("thrown by a task");
  });
  loop.post([&] { ran.push_back(2); });

  EXPECT_THROW(turn(), std::runtime_error);
  loop.post([&] { ran.push_back(3); });
  turn();

  EXPECT_EQ(ran, (std::vector<int>{1, 2, 3}));
}

TEST_F(EventLoopTest, TasksThatNeverRanAreDestroyedWithTheLoop) {
  auto counted = std::make_shared<int>(0);
  {
    EventLoop other(open_poller().poller);
    other.post([counted] { ++*counted; });
  }

  EXPECT_EQ(counted.use_count(), 1);
  EXPECT_EQ(*counted, 0);
}

TEST_F(EventLoopTest, FailedWaitComesOutOfRun) {
  struct BrokenPoller final : Poller {
    std::error_code add(int, Token, Interest, Trigger) noexcept override { return {}; }
    std::error_code modify(int, Token, Interest, Trigger) noexcept override { return {}; }
    std::error_code remove(int) noexcept override { return {}; }
    WaitResult wait(std::span<Event>, Timeout) noexcept override {
      return {.error = std::make_error_code(std::errc::io_error)};
    }
    void wake() noexcept override {}
    const Capabilities& capabilities() const noexcept override { return none_; }
    std::optional<int> pollable_handle() noexcept override { return std::nullopt; }
    Capabilities none_;
  };
  EventLoop broken(std::make_unique<BrokenPoller>());

  EXPECT_EQ(broken.run(), std::errc::io_error);
}

}  // namespace
}  // namespace polymux
