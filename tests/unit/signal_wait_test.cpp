#include "platform/signal_wait.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <array>

#include "platform/child_process.hpp"

namespace polymux {
namespace {

using namespace std::chrono_literals;
using Clock = SignalWait::Clock;

constexpr std::array numbers{SIGUSR1, SIGCHLD};

TEST(SignalWait, TakesASignalThatIsPending) {
  SignalWait signals;
  ASSERT_FALSE(signals.open(numbers));

  ::kill(::getpid(), SIGUSR1);

  EXPECT_EQ(signals.wait(), SIGUSR1);
}

TEST(SignalWait, TakesTheEndOfAChildThoughItsDefaultIsToBeIgnored) {
  SignalWait signals;
  ASSERT_FALSE(signals.open(numbers));

  const auto forked = fork_process();
  if (forked.is_child()) end_child(7);
  ASSERT_FALSE(forked.error);

  EXPECT_EQ(signals.wait(), SIGCHLD);
  const auto ended = reap_child();
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->id, forked.id);
  EXPECT_EQ(ended->exit_code, 7);
  EXPECT_FALSE(reap_child());
}

TEST(SignalWait, TellsWhatKilledAChild) {
  SignalWait signals;
  ASSERT_FALSE(signals.open(numbers));

  const auto forked = fork_process();
  if (forked.is_child()) {
    for (;;) ::pause();
  }
  kill_child(forked.id);

  EXPECT_EQ(signals.wait(), SIGCHLD);
  EXPECT_EQ(reap_child().value_or(EndedChild{}).signal_number, SIGKILL);
}

TEST(SignalWait, AnAlarmIsNeverEarlyByMuch) {
  SignalWait signals;
  ASSERT_FALSE(signals.open(numbers));
  const auto at = Clock::now() + 20ms;

  signals.set_alarm(at);

  EXPECT_EQ(signals.wait(), SIGALRM);
  // A timer of the system and the clock may differ by a tick.
  EXPECT_GT(Clock::now(), at - 5ms);
}

TEST(SignalWait, AnAlarmOfThePastComesAtOnce) {
  SignalWait signals;
  ASSERT_FALSE(signals.open(numbers));

  signals.set_alarm(Clock::time_point::min());

  EXPECT_EQ(signals.wait(), SIGALRM);
}

TEST(SignalWait, CanBeWokenByAnotherThread) {
  SignalWait signals;
  ASSERT_FALSE(signals.open(numbers));
  int number = 0;
  std::thread waiting([&] { number = signals.wait(); });

  SignalWait::wake(waiting);
  waiting.join();

  EXPECT_EQ(number, SIGALRM);
}

TEST(SignalWait, WhatIsPendingAtTheEndIsForgotten) {
  {
    SignalWait signals;
    ASSERT_FALSE(signals.open(numbers));
    // Its default would end this process.
    ::kill(::getpid(), SIGUSR1);
  }

  sigset_t blocked{};
  ASSERT_EQ(pthread_sigmask(SIG_BLOCK, nullptr, &blocked), 0);
  EXPECT_EQ(sigismember(&blocked, SIGUSR1), 0);
}

TEST(SignalWait, AChildIsNotConcernedByThoseThatItKeeps) {
  SignalWait signals;
  ASSERT_FALSE(signals.open(numbers));

  const auto forked = fork_process();
  if (forked.is_child()) {
    constexpr std::array kept{SIGUSR1};
    signals.become_child(kept);
    ::kill(::getpid(), SIGUSR1);
    ::kill(::getpid(), SIGALRM);
    end_child(0);
  }

  EXPECT_EQ(signals.wait(), SIGCHLD);
  EXPECT_EQ(reap_child().value_or(EndedChild{}).signal_number, SIGALRM);
}

}  // namespace
}  // namespace polymux
