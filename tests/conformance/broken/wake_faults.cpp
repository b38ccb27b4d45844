// Faults of wake: late, lost, counted, told to the wrong one.

#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <mutex>
#include <set>
#include <utility>

#include "tests/conformance/broken/broken_poller.hpp"
#include "tests/conformance/broken/tracking_poller.hpp"
#include "tests/support/clocks.hpp"
#include "tests/support/descriptors.hpp"

namespace polymux::test {
namespace {

using namespace std::chrono_literals;

/// Looks for a wake between its waits alone.
class WakeWaitsForTheNextWait final : public ForwardingPoller {
 public:
  using ForwardingPoller::ForwardingPoller;
  void wake() noexcept override { is_asked_ = true; }
  WaitResult wait(std::span<Event> out, Timeout timeout) noexcept override {
    const std::chrono::nanoseconds longest = bound() + 100ms;
    auto left = std::min(timeout.value_or(longest), longest);
    if (is_asked_) left = 0ns;
    auto result = ForwardingPoller::wait(out, left);
    result.woken = is_asked_.exchange(false);
    return result;
  }

 private:
  std::atomic<bool> is_asked_{false};
};

/// Changes what a wait says.
template <void Change(std::span<Event>, WaitResult&)>
class ChangesResults final : public ForwardingPoller {
 public:
  using ForwardingPoller::ForwardingPoller;
  WaitResult wait(std::span<Event> out, Timeout timeout) noexcept override {
    auto result = ForwardingPoller::wait(out, timeout);
    Change(out, result);
    return result;
  }
};

void add_an_event(std::span<Event> out, WaitResult& result) {
  if (result.woken && result.count < out.size()) out[result.count++] = {};
}

void hide_the_wake(std::span<Event> /*out*/, WaitResult& result) {
  result.woken = false;
}

void forget_the_events(std::span<Event> /*out*/, WaitResult& result) {
  if (result.woken) result.count = 0;
}

void hide_the_wake_beside_events(std::span<Event> /*out*/, WaitResult& result) {
  result.woken = result.woken && result.count == 0;
}

class WakeBeforeAWaitIsLost final : public ForwardingPoller {
 public:
  using ForwardingPoller::ForwardingPoller;
  void wake() noexcept override {
    if (is_waiting_) ForwardingPoller::wake();
  }
  WaitResult wait(std::span<Event> out, Timeout timeout) noexcept override {
    is_waiting_ = true;
    const auto result = ForwardingPoller::wait(out, timeout);
    is_waiting_ = false;
    return result;
  }

 private:
  std::atomic<bool> is_waiting_{false};
};

class WakesAreCounted final : public ForwardingPoller {
 public:
  using ForwardingPoller::ForwardingPoller;
  void wake() noexcept override {
    ++count_;
    ForwardingPoller::wake();
  }
  WaitResult wait(std::span<Event> out, Timeout timeout) noexcept override {
    auto result = ForwardingPoller::wait(out, count_ > 0 ? Timeout{0ns} : timeout);
    result.woken = result.woken || count_ > 0;
    if (count_ > 0) --count_;
    return result;
  }

 private:
  std::atomic<int> count_{0};
};

class WakeIsNeverCleared final : public ForwardingPoller {
 public:
  using ForwardingPoller::ForwardingPoller;
  WaitResult wait(std::span<Event> out, Timeout timeout) noexcept override {
    auto result = ForwardingPoller::wait(out, is_woken_ ? Timeout{0ns} : timeout);
    is_woken_ = is_woken_ || result.woken;
    result.woken = is_woken_;
    return result;
  }

 private:
  bool is_woken_ = false;
};

/// A byte for each wake, into a pipe that blocks when it is full.
class WakeFillsAPipe final : public ForwardingPoller {
 public:
  explicit WakeFillsAPipe(std::unique_ptr<Poller> inner) : ForwardingPoller(std::move(inner)) {
    if (::pipe(ends_.data()) != 0) ends_ = {-1, -1};
  }
  ~WakeFillsAPipe() override {
    for (const int end : ends_) ::close(end);
  }
  void wake() noexcept override {
    ForwardingPoller::wake();
    static_cast<void>(::write(ends_[1], "x", 1) == 1);
  }

 private:
  std::array<int, 2> ends_{};
};

/// A lock that is not taken twice by one thread, as a recursion guard would have it.
class WakeIgnoresItsOwnThread final : public ForwardingPoller {
 public:
  using ForwardingPoller::ForwardingPoller;
  void wake() noexcept override {
    const bool is_own = is_waiting_ && ::pthread_equal(waiter_.load(), ::pthread_self()) != 0;
    if (!is_own) ForwardingPoller::wake();
  }
  WaitResult wait(std::span<Event> out, Timeout timeout) noexcept override {
    waiter_ = ::pthread_self();
    is_waiting_ = true;
    const auto result = ForwardingPoller::wait(out, timeout);
    is_waiting_ = false;
    return result;
  }

 private:
  std::atomic<bool> is_waiting_{false};
  std::atomic<pthread_t> waiter_{};
};

class WakeTakesALock final : public ForwardingPoller {
 public:
  using ForwardingPoller::ForwardingPoller;
  void wake() noexcept override {
    const std::lock_guard lock(mutex_);
    ForwardingPoller::wake();
  }
  WaitResult wait(std::span<Event> out, Timeout timeout) noexcept override {
    const std::lock_guard lock(mutex_);
    return ForwardingPoller::wait(out, timeout);
  }

 private:
  std::mutex mutex_;
};

class WakeChangesErrno final : public ForwardingPoller {
 public:
  using ForwardingPoller::ForwardingPoller;
  void wake() noexcept override {
    ForwardingPoller::wake();
    errno = EAGAIN;
  }
};

/// The mark is looked at, and some time later the waiter is said to sleep.
class LooksAndThenFallsAsleep final : public ForwardingPoller {
 public:
  using ForwardingPoller::ForwardingPoller;
  void wake() noexcept override {
    is_asked_ = true;
    if (is_asleep_) ForwardingPoller::wake();
  }
  WaitResult wait(std::span<Event> out, Timeout timeout) noexcept override {
    const bool is_asked = is_asked_;
    nap(50us);
    is_asleep_ = true;
    auto result = ForwardingPoller::wait(out, is_asked ? Timeout{0ns} : timeout);
    is_asleep_ = false;
    result.woken = is_asked_.exchange(false);
    return result;
  }

 private:
  std::atomic<bool> is_asked_{false};
  std::atomic<bool> is_asleep_{false};
};

class WakeWaitsForQuiet final : public ForwardingPoller {
 public:
  using ForwardingPoller::ForwardingPoller;
  WaitResult wait(std::span<Event> out, Timeout timeout) noexcept override {
    auto result = ForwardingPoller::wait(out, timeout);
    if (result.woken && result.count > 0) {
      result.woken = false;
      ForwardingPoller::wake();
    }
    return result;
  }
};

class LookingTellsNoWake final : public ForwardingPoller {
 public:
  using ForwardingPoller::ForwardingPoller;
  WaitResult wait(std::span<Event> out, Timeout timeout) noexcept override {
    auto result = ForwardingPoller::wait(out, timeout);
    if (result.woken && timeout && *timeout <= 0ns) {
      result.woken = false;
      ForwardingPoller::wake();
    }
    return result;
  }
};

class OneWakeForAll final : public ForwardingPoller {
 public:
  explicit OneWakeForAll(std::unique_ptr<Poller> inner) : ForwardingPoller(std::move(inner)) {
    everyone().insert(this);
  }
  ~OneWakeForAll() override { everyone().erase(this); }
  void wake() noexcept override {
    for (auto* each : everyone()) each->ForwardingPoller::wake();
  }

 private:
  static std::set<OneWakeForAll*>& everyone() {
    static std::set<OneWakeForAll*> all;
    return all;
  }
};

}  // namespace

void add_wake_faults(BrokenPollers& all) {
  using enum Base;
  all.insert(
      all.end(),
      {
          broken<WakeWaitsForTheNextWait>(
              "wake_waits_for_the_next_wait", plain,
              "loops that need threads to be enabled; libevent/libevent#1175",
              {{"Wake1WakeEndsAWaitUnderWay", "bound()"}}),
          broken<ChangesResults<add_an_event>>("wake_is_an_event", best,
                                               "the wake-up descriptor's own event",
                                               {"Wake1WakeEndsAWaitUnderWay"}),
          broken<ChangesResults<hide_the_wake>>(
              "wake_is_not_told", plain, "a wait that ends without a reason",
              {"Wake1WakeEndsAWaitUnderWay", "Wake2WakeBeforeAWaitEndsTheNextOnce",
               "Wake2AThousandWakesDuringAWaitAreConsumed",
               "Wake4WakeThatComesThroughTheKernelTakesNoEventsPlace",
               "Wake5NoWakeOfManyThreadsIsLost", "Time4HugeTimeOutIsNoShortOne"}),
          broken<WakeBeforeAWaitIsLost>(
              "wake_before_a_wait_is_lost", best, "a condition variable without its predicate",
              {"Wake2WakeBeforeAWaitEndsTheNextOnce", "Wake2AThousandWakesAreOne",
               "Wake4WakeTakesNoEventsPlace", "Wake6WakeIsToldByAWaitThatOnlyLooks"}),
          broken<WakesAreCounted>(
              "wakes_are_counted", plain, "a counter that is read one at a time; nanomsg/nng#575",
              {{"Wake2AThousandWakesAreOne", "silence was expected"},
               {"Wake2AThousandWakesDuringAWaitAreConsumed", "silence was expected"}}),
          broken<WakeIsNeverCleared>(
              "wake_is_never_cleared", best, "a level that nobody clears",
              {{"Wake1WakeEndsAWaitUnderWay", "silence was expected"},
               {"Wake2WakeBeforeAWaitEndsTheNextOnce", "silence was expected"}}),
          broken<WakeFillsAPipe>("wake_fills_a_pipe", plain,
                                 "a self-pipe that blocks; nanomsg/nng#575",
                                 {{"Wake2MoreWakesThanAPipeHoldsAreOne", hangs}}),
          broken<WakeIgnoresItsOwnThread>("wake_ignores_its_own_thread", plain,
                                          "a wake only from other threads, as in libevent",
                                          {{"Wake3WakeFromASignalHandler", "during"}}),
          broken<WakeTakesALock>("wake_takes_a_lock", plain, "a mutex in a signal handler",
                                 {{"Wake3WakeFromASignalHandler", hangs}}),
          broken<WakeChangesErrno>("wake_changes_errno", best, "write(2) in a signal handler",
                                   {{"Wake3WakeFromASignalHandler", "errno"}}),
          broken<ChangesResults<forget_the_events>>(
              "wake_takes_an_events_place", best, "the wake-up descriptor's slot of epoll_wait(2)",
              {"Wake4WakeTakesNoEventsPlace",
               "Wake4WakeAndEventThatAreBothWithTheKernelComeTogether"}),
          broken<ChangesResults<hide_the_wake_beside_events>>(
              "wake_is_lost_beside_events", plain, "a wake that is told by its absence of events",
              {"Wake4WakeTakesNoEventsPlace",
               "Wake4WakeAndEventThatAreBothWithTheKernelComeTogether",
               "Wake6WakeIsConsumedByAWaitThatReportsEvents"}),
          broken<LooksAndThenFallsAsleep>(
              "looks_and_then_falls_asleep", plain, "what the self-pipe trick was made for",
              {{"Wake5EachWakeIsFollowedByAWaitThatItEnds", "bound()"}}),
          broken<WakeWaitsForQuiet>(
              "wake_waits_for_quiet", plain, "tasks that run when nothing else does",
              {"Wake4WakeTakesNoEventsPlace", "Wake6WakeIsConsumedByAWaitThatReportsEvents"}),
          broken<LookingTellsNoWake>("looking_tells_no_wake", best,
                                     "a mark that only a sleeper reads",
                                     {"Wake6WakeIsToldByAWaitThatOnlyLooks"}),
          broken<OneWakeForAll>("one_wake_for_all", plain,
                                "signal.c of libevent: one pipe; openpmix/prrte#1601",
                                {{"Wake7WakeOfOnePollerIsNoneOfAnother", "silence was expected"}}),
      });
}

}  // namespace polymux::test
