// Wakes from eight threads and from a signal handler, at once.

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/time.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <thread>
#include <vector>

#include "tests/stress/clients.hpp"
#include "tests/stress/stress_test.hpp"
#include "tests/support/processes.hpp"

namespace polymux::test {
namespace {

using namespace std::chrono_literals;

/// One who wakes: what was asked for, and what the waiter has seen of it.
struct Waker {
  std::atomic<std::uint32_t> asked{0};
  std::atomic<std::uint32_t> seen{0};
};

constexpr std::size_t thread_count = 8;

// The handler's own, and what it wakes.
std::atomic<Poller*> target{nullptr};
Waker handlers;

extern "C" void polymux_stress_wake(int /*number*/) {
  if (auto* poller = target.load()) {
    handlers.asked.fetch_add(1);
    poller->wake();
  }
}

class WakeStress : public StressTest {};

TEST_P(WakeStress, NoneIsLostOfEightThreadsAndAHandler) {
  auto poller = open();
  std::array<Waker, thread_count> wakers;
  std::atomic<std::size_t> running = thread_count;
  std::atomic<bool> has_given_up = false;
  const auto rounds = static_cast<std::uint32_t>(scaled(4000));
  handlers.asked = 0;
  handlers.seen = 0;
  const SignalHandler handler(SIGUSR1, polymux_stress_wake);
  target = poller.get();

  std::vector<std::thread> threads;
  for (auto& waker : wakers) {
    threads.emplace_back([&] {
      // Each wake has to be answered before the next: a single one that is lost stops this thread.
      for (std::uint32_t round = 1; round <= rounds && !has_given_up; ++round) {
        waker.asked.store(round);
        poller->wake();
        while (waker.seen.load() < round && !has_given_up) std::this_thread::yield();
        // The handler may run in this thread or in any other.
        if (round % 16 == 0) ::raise(SIGUSR1);
      }
      // The last one is told of the end.
      if (running.fetch_sub(1) == 1) poller->wake();
    });
  }

  std::array<Event, 4> events{};
  std::uint64_t waits = 0;
  while (running > 0 && !has_given_up) {
    const auto result = poller->wait(events, bound());
    EXPECT_TRUE(succeeded(result.error));
    EXPECT_EQ(result.count, 0U);
    if (!result.woken) has_given_up = true;
    ++waits;
    for (auto& waker : wakers) waker.seen.store(waker.asked.load());
    handlers.seen.store(handlers.asked.load());
  }
  for (auto& thread : threads) thread.join();
  target = nullptr;

  EXPECT_FALSE(has_given_up) << "a wake was lost";
  for (const auto& waker : wakers) EXPECT_EQ(waker.asked.load(), rounds);
  EXPECT_GE(handlers.asked.load(), thread_count * (rounds / 16));
  EXPECT_LE(waits, std::uint64_t{thread_count} * rounds + handlers.asked.load() + 1)
      << "more waits were ended than wakes asked for";
}

TEST_P(WakeStress, AnyNumberBeforeAWaitIsOne) {
  auto poller = open();
  for (int round = 0; round < scaled(200); ++round) {
    std::vector<std::thread> threads;
    for (std::size_t count = 0; count < thread_count; ++count) {
      threads.emplace_back([&] {
        for (int wakes = 0; wakes < 20; ++wakes) poller->wake();
      });
    }
    for (auto& thread : threads) thread.join();

    ASSERT_TRUE(wait_once(*poller, bound()).result.woken) << "round " << round;
    ASSERT_FALSE(look(*poller).result.woken) << "round " << round;
  }
}

TEST_P(WakeStress, AHandlerAloneWakesAWaiterThatSleeps) {
  auto poller = open();
  handlers.asked = 0;
  const SignalHandler handler(SIGALRM, polymux_stress_wake);
  target = poller.get();
  for (int round = 0; round < 20; ++round) {
    // One alarm, a while from now.
    const itimerval soon{.it_interval = {}, .it_value = {.tv_sec = 0, .tv_usec = 3000}};
    ASSERT_EQ(::setitimer(ITIMER_REAL, &soon, nullptr), 0);
    const auto waited = wait_once(*poller, bound());
    ASSERT_TRUE(waited.result.woken) << "round " << round;
  }
  target = nullptr;
  EXPECT_EQ(handlers.asked.load(), 20U);
}

POLYMUX_STRESS_EVERY_BACKEND(WakeStress);

}  // namespace
}  // namespace polymux::test
