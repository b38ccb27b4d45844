#include <poll.h>
#include <pthread.h>
#include <signal.h>

#include <atomic>
#include <cerrno>
#include <thread>
#include <vector>

#include "tests/conformance/conformance_test.hpp"
#include "tests/support/processes.hpp"

namespace polymux::test {
namespace {

using namespace std::chrono_literals;

const WaitResult woken_alone{.count = 0, .woken = true};

class WakeRules : public ConformanceTest {};
POLYMUX_FOR_EVERY_SUBJECT(WakeRules);

// What a signal handler of these tests has to do with.
std::atomic<Poller*> to_wake{nullptr};
std::atomic<bool> kept_errno{false};

extern "C" void polymux_test_wake_on_signal(int /*number*/) {
  constexpr int odd = 4321;
  const int saved = errno;
  errno = odd;
  to_wake.load()->wake();
  kept_errno = errno == odd;
  errno = saved;
}

TEST_P(WakeRules, Wake1WakeEndsAWaitUnderWay) {
  auto [near, far] = connected_pair();
  add(near, Token{1}, Interest::read);
  for (int round = 0; round < 5; ++round) {
    const Later later(10ms, [this] { poller().wake(); });

    const auto waited = wait_once(poller(), std::nullopt);

    EXPECT_EQ(waited.result, woken_alone);
    EXPECT_LT(waited.took, bound());
  }
  expect_silence();
}

TEST_P(WakeRules, Wake2WakeBeforeAWaitEndsTheNextOnce) {
  poller().wake();

  const auto waited = wait_once(poller(), bound());

  EXPECT_EQ(waited.result, woken_alone);
  EXPECT_LT(waited.took, bound() / 2);
  expect_silence();
}

TEST_P(WakeRules, Wake2AThousandWakesAreOne) {
  for (int round = 0; round < 1000; ++round) poller().wake();

  EXPECT_EQ(wait_once(poller(), bound()).result, woken_alone);
  expect_silence();
}

TEST_P(WakeRules, Wake2MoreWakesThanAPipeHoldsAreOne) {
  // Where there is a handle, each wake goes through the kernel. The pipes of Linux hold 65,536.
  static_cast<void>(poller().pollable_handle());
  allow_cpu(500ms);
  for (int round = 0; round < 70'000; ++round) poller().wake();

  EXPECT_EQ(wait_once(poller(), bound()).result, woken_alone);
  expect_silence();
}

TEST_P(WakeRules, Wake2AThousandWakesDuringAWaitAreConsumed) {
  {
    const Later later(10ms, [this] {
      for (int round = 0; round < 1000; ++round) poller().wake();
    });
    EXPECT_TRUE(wait_once(poller(), bound()).result.woken);
  }
  // Those that came after the wait had ended.
  static_cast<void>(look(poller()));

  expect_silence();
}

TEST_P(WakeRules, Wake3WakeFromASignalHandler) {
  to_wake = &poller();
  kept_errno = false;
  const SignalHandler handler(SIGUSR1, polymux_test_wake_on_signal);

  ::raise(SIGUSR1);
  const auto before = wait_once(poller(), bound());
  const auto self = ::pthread_self();
  const Later later(30ms, [self] { ::pthread_kill(self, SIGUSR1); });
  const auto during = wait_once(poller(), bound());

  EXPECT_EQ(before.result, woken_alone);
  EXPECT_EQ(during.result, woken_alone);
  EXPECT_LT(during.took, bound() / 2);
  EXPECT_TRUE(kept_errno) << "errno of the interrupted code was changed";
}

TEST_P(WakeRules, Wake4WakeTakesNoEventsPlace) {
  auto [near, far] = connected_pair();
  add(near, Token{1}, Interest::write);
  for (int round = 0; round < 5; ++round) {
    poller().wake();

    const auto waited = wait_once(poller(), bound(), 1);

    EXPECT_EQ(waited.result, (WaitResult{.count = 1, .woken = true})) << "round " << round;
    EXPECT_EQ(waited.ready(Token{1}), Ready::writable);
  }
}

TEST_P(WakeRules, Wake4WakeThatComesThroughTheKernelTakesNoEventsPlace) {
  // An event and a wake while the wait sleeps: both are there when it looks again.
  auto [near, far] = connected_pair();
  add(near, Token{1}, Interest::read);
  bool got_event = false;
  bool got_wake = false;
  {
    const Later later(20ms, [this, &far = far] {
      poller().wake();
      send(far, "x");
    });
    for (int round = 0; round < 3 && !(got_event && got_wake); ++round) {
      const auto waited = wait_once(poller(), bound(), 1);
      got_event = got_event || waited.ready(Token{1}) == Ready::readable;
      got_wake = got_wake || waited.result.woken;
    }
  }

  EXPECT_TRUE(got_event);
  EXPECT_TRUE(got_wake);
}

TEST_P(WakeRules, Wake4WakeAndEventThatAreBothWithTheKernelComeTogether) {
  // Where there is a handle, each wake goes through the kernel, and came first.
  auto [near, far] = connected_pair();
  add(near, Token{1}, Interest::read);
  static_cast<void>(poller().pollable_handle());
  poller().wake();
  send(far, "x");
  ASSERT_TRUE(is_ready_for(near, POLLIN));

  const auto waited = wait_once(poller(), bound(), 1);

  EXPECT_EQ(waited.result, (WaitResult{.count = 1, .woken = true}));
  EXPECT_EQ(waited.ready(Token{1}), Ready::readable);
}

TEST_P(WakeRules, Wake5NoWakeOfManyThreadsIsLost) {
  constexpr int threads = 8;
  constexpr int each = 200;
  allow_cpu(400ms);
  std::atomic<int> asked{0};
  std::vector<std::thread> wakers;
  for (int index = 0; index < threads; ++index) {
    wakers.emplace_back([&] {
      for (int round = 0; round < each; ++round) {
        asked.fetch_add(1);
        poller().wake();
        std::this_thread::yield();
      }
    });
  }

  // Whoever asks first counts itself: while some are missing, a wake is still to come.
  while (asked.load() < threads * each) {
    const auto waited = wait_once(poller(), bound());
    EXPECT_TRUE(waited.result.woken) << "a wake was lost; " << asked.load() << " were asked for";
    if (!waited.result.woken) break;
  }

  for (auto& waker : wakers) waker.join();
  static_cast<void>(look(poller()));
  expect_silence();
}

TEST_P(WakeRules, Wake5EachWakeIsFollowedByAWaitThatItEnds) {
  // One thread wakes, and does not wake again until it was heard: no other wake makes up for one
  // that falls between looking for it and falling asleep.
  constexpr int rounds = 500;
  allow_cpu(400ms);
  std::atomic<int> heard{0};
  std::atomic<bool> is_over{false};
  std::thread waker([&] {
    for (int round = 0; round < rounds && !is_over; ++round) {
      poller().wake();
      while (heard.load() <= round && !is_over) std::this_thread::yield();
    }
  });

  for (int round = 0; round < rounds; ++round) {
    const auto waited = wait_once(poller(), bound());
    heard = round + 1;
    EXPECT_EQ(waited.result, woken_alone) << "round " << round;
    EXPECT_LT(waited.took, bound()) << "round " << round;
    if (HasFailure()) break;
  }

  is_over = true;
  waker.join();
}

TEST_P(WakeRules, Wake6WakeIsConsumedByAWaitThatReportsEvents) {
  auto [near, far] = connected_pair();
  add(near, Token{1}, Interest::write, Trigger::oneshot);
  poller().wake();

  const auto waited = look(poller());

  EXPECT_EQ(waited.result, (WaitResult{.count = 1, .woken = true}));
  expect_silence();
}

TEST_P(WakeRules, Wake6WakeIsToldByAWaitThatOnlyLooks) {
  poller().wake();

  EXPECT_EQ(look(poller()).result, woken_alone);
  EXPECT_EQ(look(poller()).result, WaitResult{});
}

TEST_P(WakeRules, Wake7WakeOfOnePollerIsNoneOfAnother) {
  const auto other = open_another();
  ASSERT_NE(other, nullptr);

  other->wake();

  expect_silence();
  EXPECT_TRUE(look(*other).result.woken);
}

TEST_P(WakeRules, Wake6CallsBetweenTakeNoWakeAway) {
  auto [near, far] = connected_pair();
  poller().wake();

  add(near, Token{1}, Interest::read);
  modify(near, Token{2}, Interest::read | Interest::write);
  EXPECT_FALSE(poller().wait({}, 0ns).woken);
  EXPECT_TRUE(succeeded(poller().remove(near.get())));

  EXPECT_EQ(wait_once(poller(), bound()).result, woken_alone);
  expect_silence();
}

}  // namespace
}  // namespace polymux::test

POLYMUX_SUITE_PART(wake_rules)
