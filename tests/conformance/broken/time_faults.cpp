// Faults of time-outs: too short, too long, wrapped around, ended by signals.

#include <poll.h>
#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <memory>
#include <system_error>
#include <utility>

#include <polymux/poller/error.hpp>

#include "tests/conformance/broken/broken_poller.hpp"
#include "tests/conformance/broken/tracking_poller.hpp"
#include "tests/support/clocks.hpp"

namespace polymux::test {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;
using Clock = std::chrono::steady_clock;

/// Gives the sound poller another time-out than it was given.
template <class Change>
class ChangesTimeOuts final : public ForwardingPoller {
 public:
  using ForwardingPoller::ForwardingPoller;
  WaitResult wait(std::span<Event> out, Timeout timeout) noexcept override {
    return ForwardingPoller::wait(out, change_(timeout));
  }

 private:
  Change change_;
};

struct ATickTooSoon {
  Timeout operator()(Timeout timeout) const {
    return timeout ? Timeout{*timeout - *timeout / 6} : timeout;
  }
};

struct RoundedDown {
  Timeout operator()(Timeout timeout) const {
    return timeout ? Timeout{std::chrono::floor<std::chrono::milliseconds>(*timeout)} : timeout;
  }
};

struct AlwaysOneMore {
  Timeout operator()(Timeout timeout) const {
    return timeout && *timeout > 0ns && *timeout < 1h ? Timeout{*timeout + 1ms} : timeout;
  }
};

struct NegativeIsLong {
  Timeout operator()(Timeout timeout) const {
    return timeout && *timeout < 0ns ? Timeout{30ms} : timeout;
  }
};

struct WrapsAround {
  Timeout operator()(Timeout timeout) const {
    if (!timeout) return timeout;
    const auto whole = std::chrono::ceil<std::chrono::milliseconds>(*timeout - 1s) + 1s;
    const auto wrapped = static_cast<std::int32_t>(static_cast<std::uint32_t>(whole.count()));
    return *timeout < 1h ? *timeout : Timeout{std::chrono::milliseconds(wrapped)};
  }
};

struct ForEverEnds {
  Timeout operator()(Timeout timeout) const { return timeout.value_or(50ms); }
};

/// As select(2) of Linux does, when its argument is used again.
struct KeepsWhatIsLeft {
  Timeout operator()(Timeout timeout) {
    if (!timeout || *timeout <= 0ns) return timeout;
    const auto left = asked_ == timeout ? Timeout{0ns} : timeout;
    asked_ = timeout;
    return left;
  }
  Timeout asked_;
};

class RefusesNegatives final : public ForwardingPoller {
 public:
  using ForwardingPoller::ForwardingPoller;
  WaitResult wait(std::span<Event> out, Timeout timeout) noexcept override {
    if (timeout && *timeout < 0ns) return {.error = Errc::invalid_argument};
    return ForwardingPoller::wait(out, timeout);
  }
};

class RefusesGreatTimeOuts final : public ForwardingPoller {
 public:
  using ForwardingPoller::ForwardingPoller;
  WaitResult wait(std::span<Event> out, Timeout timeout) noexcept override {
    if (timeout && *timeout > 24h * 365) return {.error = Errc::invalid_argument};
    return ForwardingPoller::wait(out, timeout);
  }
};

/// Waits in slices of poll(2) for nothing, which signals interrupt, and looks between them.
class SeesInterruptions : public ForwardingPoller {
 public:
  using ForwardingPoller::ForwardingPoller;
  WaitResult wait(std::span<Event> out, Timeout timeout) noexcept override {
    const auto start = Clock::now();
    for (;;) {
      const auto result = ForwardingPoller::wait(out, 0ns);
      if (result != WaitResult{}) return result;
      const auto left = timeout ? *timeout - (Clock::now() - start) : nanoseconds(24h);
      if (left <= 0ns) return result;
      if (is_interrupted(left)) return on_interruption(out, timeout);
    }
  }

 private:
  static bool is_interrupted(nanoseconds left) noexcept {
    const int slice = left > 1ms ? 2 : 1;
    return ::poll(nullptr, 0, slice) < 0 && errno == EINTR;
  }
  [[nodiscard]] virtual WaitResult on_interruption(std::span<Event> out, Timeout timeout) = 0;
};

class SignalsEndAWait final : public SeesInterruptions {
 public:
  using SeesInterruptions::SeesInterruptions;

 private:
  WaitResult on_interruption(std::span<Event> /*out*/, Timeout /*timeout*/) override { return {}; }
};

class ReturnsInterrupted final : public SeesInterruptions {
 public:
  using SeesInterruptions::SeesInterruptions;

 private:
  WaitResult on_interruption(std::span<Event> /*out*/, Timeout /*timeout*/) override {
    return {.error = std::make_error_code(std::errc::interrupted)};
  }
};

class SignalsBeginAWaitAnew final : public SeesInterruptions {
 public:
  using SeesInterruptions::SeesInterruptions;

 private:
  WaitResult on_interruption(std::span<Event> out, Timeout timeout) override {
    // Some day it ends, lest it takes the stack.
    if (Clock::now() - first_ > bound()) first_ = Clock::now();
    if (Clock::now() - first_ > bound() / 2) return {};
    return wait(out, timeout);
  }
  Clock::time_point first_ = Clock::now() - 24h;
};

class SignalsLoseEvents final : public SeesInterruptions {
 public:
  using SeesInterruptions::SeesInterruptions;

 private:
  WaitResult on_interruption(std::span<Event> out, Timeout timeout) override {
    const auto start = Clock::now();
    // Whatever the kernel has by the end of the interrupted call goes with it.
    nap(5ms);
    static_cast<void>(inner().wait(out, 0ns));
    const auto left = timeout ? Timeout{*timeout - (Clock::now() - start)} : timeout;
    return wait(out, left);
  }
};

/// SIGCONT interrupts poll(2) only if it is handled, and epoll_wait(2) of Linux always.
class StopsEndAWait final : public SeesInterruptions {
 public:
  explicit StopsEndAWait(std::unique_ptr<Poller> inner) : SeesInterruptions(std::move(inner)) {
    ::sigaction(SIGCONT, nullptr, &before_);
    struct sigaction action = before_;
    action.sa_handler = [](int) {};
    ::sigaction(SIGCONT, &action, nullptr);
  }
  StopsEndAWait(const StopsEndAWait&) = delete;
  StopsEndAWait& operator=(const StopsEndAWait&) = delete;
  ~StopsEndAWait() override { ::sigaction(SIGCONT, &before_, nullptr); }

 private:
  WaitResult on_interruption(std::span<Event> /*out*/, Timeout /*timeout*/) override { return {}; }
  struct sigaction before_ {};
};

}  // namespace

void add_time_faults(BrokenPollers& all) {
  using enum Base;
  all.insert(
      all.end(),
      {
          broken<ChangesTimeOuts<ATickTooSoon>>(
              "a_tick_too_soon", best, "time-outs of NetBSD in ticks; the manual of libev",
              {{"Time1WaitNeverEndsEarly", "ns early"},
               {"Time1NoneOfManyRandomWaitsEndsEarly", "ns early"}}),
          broken<ChangesTimeOuts<RoundedDown>>(
              "rounds_down", plain, "tokio-rs/mio#1614; ceph tracker 60265",
              {{"Time2FractionIsRoundedUpNeverDown", "ns early"},
               {"Time1NoneOfManyRandomWaitsEndsEarly", "ns early"}}),
          broken<ChangesTimeOuts<AlwaysOneMore>>("always_one_more", best,
                                                 "a remedy for time-outs that end early",
                                                 {{"Time2NoMoreIsAddedThanTheStep", "shortest"}}),
          broken<ChangesTimeOuts<NegativeIsLong>>("negative_is_long", plain,
                                                  "poll(2) of Linux; janet-lang/janet#785",
                                                  {{"Time3ZeroAndLessLookAndReturn", "shortest"}}),
          broken<RefusesNegatives>("refuses_negatives", best, "EINVAL of select(2) and kevent(2)",
                                   {{"Time3ZeroAndLessLookAndReturn", "wait failed"}}),
          broken<ChangesTimeOuts<WrapsAround>>("wraps_around", best, "an int of milliseconds",
                                               {{"Time4HugeTimeOutIsNoShortOne", "woken"}}),
          broken<RefusesGreatTimeOuts>("refuses_great_time_outs", best, "EINVAL of BSD kernels",
                                       {{"Time4HugeTimeOutIsNoShortOne", "wait failed"}}),
          broken<SignalsEndAWait>("signals_end_a_wait", best,
                                  "EINTR as an answer; smol-rs/polling#164",
                                  {{"Time5SignalsDoNotEndAWait", "ns early"},
                                   {"Time5AThousandSignalsASecondDoNotLengthenAWait", "ns early"},
                                   "Time6WithoutTimeOutOnlyAnEventOrAWakeEndsAWait"}),
          broken<ReturnsInterrupted>("returns_interrupted", best, "EINTR as an error",
                                     {{"Time5SignalsDoNotEndAWait", "wait failed"}}),
          broken<SignalsBeginAWaitAnew>(
              "signals_begin_a_wait_anew", best, "a loop around EINTR; oven-sh/bun#34780",
              {{"Time5AThousandSignalsASecondDoNotLengthenAWait", "took"}}),
          broken<SignalsLoseEvents>("signals_lose_events", best,
                                    "EINTR after the events were taken",
                                    {{"Time5SignalsLoseNoEvent", "no readable"}}),
          broken<ChangesTimeOuts<ForEverEnds>>(
              "for_ever_ends", best, "for ever as a large number; timeouts of old kernels",
              {"Time6WithoutTimeOutOnlyAnEventOrAWakeEndsAWait"}),
          broken<ChangesTimeOuts<KeepsWhatIsLeft>>(
              "keeps_what_is_left", plain, "select(2) of Linux, which changes its argument",
              {{"Time7EachTimeOutIsCountedAfresh", "ns early"}}),
          broken<StopsEndAWait>("stops_end_a_wait", best, "EINTR of epoll_wait(2) after SIGCONT",
                                {{"Time8StoppedProcessWaitsOn", "child.wait()"}}),
      });
}

}  // namespace polymux::test
