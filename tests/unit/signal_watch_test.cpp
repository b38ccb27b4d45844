#include <polymux/loop/signal_watch.hpp>

#include <signal.h>
#include <sys/wait.h>

#include <memory>
#include <stdexcept>
#include <thread>

#include "loop_fixture.hpp"

namespace polymux {
namespace {

class SignalWatchTest : public LoopTest {
 protected:
  /// Turns until `done` or a bound.
  template <class Condition>
  void turn_until(Condition done) {
    for (int turns = 0; turns < 1000 && !done(); ++turns) {
      ASSERT_FALSE(loop.run_once(std::chrono::milliseconds(10)));
    }
  }
};

TEST_F(SignalWatchTest, IsCalledInTheLoopWhenTheSignalComes) {
  int calls = 0;
  SignalWatch watch(loop, [&] { ++calls; });
  ASSERT_FALSE(watch.start(SIGUSR1));

  ::raise(SIGUSR1);
  EXPECT_EQ(calls, 0) << "not in the handler";
  turn_until([&] { return calls > 0; });

  EXPECT_EQ(calls, 1);
}

TEST_F(SignalWatchTest, SignalsAreToldApart) {
  int first = 0;
  int second = 0;
  SignalWatch one(loop, [&] { ++first; });
  SignalWatch two(loop, [&] { ++second; });
  ASSERT_FALSE(one.start(SIGUSR1));
  ASSERT_FALSE(two.start(SIGUSR2));

  ::raise(SIGUSR2);
  turn_until([&] { return second > 0; });

  EXPECT_EQ(first, 0);
  EXPECT_EQ(second, 1);
}

TEST_F(SignalWatchTest, EveryWatchOfEveryLoopIsTold) {
  EventLoop other(open_poller().poller);
  int calls_here = 0;
  int calls_there = 0;
  SignalWatch one(loop, [&] { ++calls_here; });
  SignalWatch two(loop, [&] { ++calls_here; });
  SignalWatch there(other, [&] { ++calls_there; });
  ASSERT_FALSE(one.start(SIGUSR1));
  ASSERT_FALSE(two.start(SIGUSR1));
  ASSERT_FALSE(there.start(SIGUSR1));

  std::thread second_loop([&] {
    while (calls_there == 0) ASSERT_FALSE(other.run_once(std::chrono::seconds(10)));
  });
  ::kill(::getpid(), SIGUSR1);
  turn_until([&] { return calls_here == 2; });
  second_loop.join();

  EXPECT_EQ(calls_here, 2);
  EXPECT_EQ(calls_there, 1);
}

volatile sig_atomic_t handled_before = 0;

TEST_F(SignalWatchTest, HandlerFromBeforeComesBackAfterTheLastWatch) {
  struct sigaction mine {};
  struct sigaction saved {};
  mine.sa_handler = [](int) { handled_before = handled_before + 1; };
  ASSERT_EQ(::sigaction(SIGUSR1, &mine, &saved), 0);
  handled_before = 0;
  auto first = std::make_unique<SignalWatch>(loop, [] {});
  auto second = std::make_unique<SignalWatch>(loop, [] {});
  ASSERT_FALSE(first->start(SIGUSR1));
  ASSERT_FALSE(second->start(SIGUSR1));

  first.reset();
  ::raise(SIGUSR1);
  EXPECT_EQ(handled_before, 0);
  second.reset();
  ::raise(SIGUSR1);

  EXPECT_EQ(handled_before, 1);
  ::sigaction(SIGUSR1, &saved, nullptr);
}

TEST_F(SignalWatchTest, WhatCannotBeWatchedIsRefused) {
  SignalWatch watch(loop, [] {});
  for (const int number : {-1, 0, SIGKILL, SIGSTOP, 128, 1'000'000}) {
    EXPECT_EQ(watch.start(number), std::errc::invalid_argument) << number;
    EXPECT_FALSE(watch.is_active()) << number;
  }
}

TEST_F(SignalWatchTest, CallbackMayDestroyItsWatchAndTheOthers) {
  int calls = 0;
  std::unique_ptr<SignalWatch> one;
  std::unique_ptr<SignalWatch> two;
  const auto destroy_both = [&] {
    ++calls;
    one.reset();
    two.reset();
  };
  one = std::make_unique<SignalWatch>(loop, destroy_both);
  two = std::make_unique<SignalWatch>(loop, destroy_both);
  ASSERT_FALSE(one->start(SIGUSR1));
  ASSERT_FALSE(two->start(SIGUSR1));

  ::raise(SIGUSR1);
  turn_until([&] { return calls > 0; });

  EXPECT_EQ(calls, 1);
}

TEST_F(SignalWatchTest, SignalOfAChildDoesNotReachTheParentsLoop) {
  int calls = 0;
  SignalWatch watch(loop, [&] { ++calls; });
  ASSERT_FALSE(watch.start(SIGUSR1));

  const auto child = ::fork();
  if (child == 0) {
    ::raise(SIGUSR1);
    ::_exit(0);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  ASSERT_FALSE(loop.run_once(std::chrono::milliseconds(50)));

  EXPECT_EQ(calls, 0);
}

TEST_F(SignalWatchTest, ExceptionDoesNotCostTheOtherSignalsTheirTurn) {
  int calls = 0;
  SignalWatch throws(loop, [] { throw std::runtime_error("thrown by a callback"); });
  SignalWatch other(loop, [&] { ++calls; });
  ASSERT_FALSE(throws.start(SIGUSR1));
  ASSERT_FALSE(other.start(SIGUSR2));

  ::raise(SIGUSR1);
  ::raise(SIGUSR2);
  EXPECT_THROW(turn_until([&] { return calls > 0; }), std::runtime_error);
  turn_until([&] { return calls > 0; });

  EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace polymux
