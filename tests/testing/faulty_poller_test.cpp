#include <gtest/gtest.h>
#include <poll.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <polymux/poller/registry.hpp>
#include <polymux/testing/faulty_poller.hpp>

#include "tests/support/clocks.hpp"
#include "tests/support/descriptors.hpp"
#include "tests/support/poller_assertions.hpp"

namespace polymux::testing {
namespace {

using namespace std::chrono_literals;
using test::expect_ready;
using test::expect_silence;
using test::look;
using test::succeeded;
using test::wait_once;

constexpr auto always = Frequency::every(1);
constexpr auto both = Interest::read | Interest::write;
constexpr Token first{1};
constexpr Token second{2};

/// Every fault on every backend: the wrapped poller has its part in most of them.
class FaultyPollerTest : public ::testing::TestWithParam<std::string> {
 protected:
  void open(const FaultPlan& plan) {
    auto opened = open_poller(GetParam());
    ASSERT_TRUE(opened) << opened.message;
    poller_ = std::make_unique<FaultyPoller>(std::move(opened.poller), plan);
  }

  [[nodiscard]] FaultyPoller& poller() { return *poller_; }
  [[nodiscard]] const FaultCounters& counters() { return poller_->counters(); }
  void add(const test::Fd& fd, Token token, Interest interest, Trigger trigger = Trigger::level) {
    EXPECT_TRUE(succeeded(poller().add(fd.get(), token, interest, trigger)));
  }
  void modify(const test::Fd& fd, Token token, Interest interest,
              Trigger trigger = Trigger::level) {
    EXPECT_TRUE(succeeded(poller().modify(fd.get(), token, interest, trigger)));
  }

  /// The triggers that the backend has.
  [[nodiscard]] std::vector<Trigger> triggers() {
    std::vector all{Trigger::level, Trigger::oneshot};
    if (poller().capabilities().edge) all.push_back(Trigger::edge);
    return all;
  }

 private:
  std::unique_ptr<FaultyPoller> poller_;
};

std::vector<std::string> backends() {
  std::vector<std::string> names;
  for (const auto& status : available_backends()) {
    if (status.is_available()) names.emplace_back(status.name);
  }
  return names;
}

std::string name_of(const ::testing::TestParamInfo<std::string>& info) {
  return info.param;
}
INSTANTIATE_TEST_SUITE_P(Every, FaultyPollerTest, ::testing::ValuesIn(backends()), name_of);

TEST_P(FaultyPollerTest, SpuriousReadinessEndsAWaitWithoutACause) {
  open({.spurious = always});
  auto [near, far] = test::socket_pair();
  add(near, first, Interest::read);

  const auto waited = wait_once(poller(), std::nullopt);

  EXPECT_EQ(waited.events, (std::vector{Event{first, Ready::readable}}));
  EXPECT_EQ(test::drain(near), "");
  EXPECT_EQ(counters().spurious, 1U);
}

TEST_P(FaultyPollerTest, SpuriousReadinessNamesOnlyWhatWasAskedFor) {
  open({.spurious = always});
  auto silent = test::socket_pair();
  auto read = test::socket_pair();
  auto written = test::socket_pair();
  test::fill(written.near);
  add(silent.near, Token{0}, Interest::none);
  add(read.near, first, Interest::read);
  add(written.near, second, Interest::write);
  std::set<Token> seen;

  for (int round = 0; round < 50; ++round) {
    for (const auto& event : look(poller()).events) {
      seen.insert(event.token);
      EXPECT_EQ(event.ready, event.token == first ? Ready::readable : Ready::writable);
    }
  }

  EXPECT_EQ(seen, (std::set{first, second}));
}

TEST_P(FaultyPollerTest, SpuriousReadinessJoinsTheEventThatIsThere) {
  open({.spurious = always});
  auto [near, far] = test::socket_pair();
  test::send(far, "x");
  test::fill(near);
  add(near, first, both);

  for (int round = 0; round < 50; ++round) {
    const auto waited = look(poller());
    ASSERT_EQ(waited.events.size(), 1U);
    EXPECT_TRUE(contains(waited.events.front().ready, Ready::readable));
  }

  EXPECT_GT(counters().spurious, 0U);
}

TEST_P(FaultyPollerTest, SpuriousReadinessOfAOneshotIsItsReport) {
  open({.spurious = always});
  auto [near, far] = test::socket_pair();
  add(near, first, Interest::read, Trigger::oneshot);
  EXPECT_EQ(look(poller()).ready(first), Ready::readable);
  test::send(far, "x");

  expect_silence(poller(), 30ms);
  EXPECT_EQ(counters().spurious, 1U);

  modify(near, second, Interest::read, Trigger::oneshot);
  expect_ready(poller(), second, Ready::readable);
}

TEST_P(FaultyPollerTest, SpuriousReadinessIsNotSaidOfAClosedDescriptor) {
  open({.spurious = always});
  auto [near, far] = test::socket_pair();
  add(near, first, Interest::read);
  const int number = near.get();
  near.reset();

  for (int round = 0; round < 10; ++round) {
    EXPECT_FALSE(contains(look(poller()).ready(first), Ready::readable));
  }

  EXPECT_EQ(counters().spurious, 0U);
  EXPECT_TRUE(succeeded(poller().remove(number)));
}

TEST_P(FaultyPollerTest, LateEventIsLeftOutOfAWaitThatOnlyLooks) {
  open({.late = always, .most_late_waits = 1});
  for (const auto trigger : triggers()) {
    SCOPED_TRACE(to_string(trigger));
    auto [near, far] = test::socket_pair();
    add(near, first, Interest::read, trigger);
    test::send(far, "x");

    EXPECT_TRUE(look(poller()).events.empty());
    EXPECT_EQ(look(poller()).ready(first), Ready::readable);

    EXPECT_TRUE(succeeded(poller().remove(near.get())));
  }
  EXPECT_EQ(counters().late, triggers().size());
}

TEST_P(FaultyPollerTest, NoWaitSleepsThroughALateEvent) {
  open({.late = always, .most_late_waits = 100});
  for (const auto trigger : triggers()) {
    SCOPED_TRACE(to_string(trigger));
    auto [near, far] = test::socket_pair();
    add(near, first, Interest::read, trigger);
    test::send(far, "x");

    EXPECT_EQ(wait_once(poller(), std::nullopt).ready(first), Ready::readable);

    EXPECT_TRUE(succeeded(poller().remove(near.get())));
  }
}

TEST_P(FaultyPollerTest, LateEventIsOvertakenByOthers) {
  open({.late = Frequency::every(2), .most_late_waits = 1});
  auto one = test::socket_pair();
  auto other = test::socket_pair();
  add(one.near, first, Interest::write);
  add(other.near, second, Interest::write);

  const auto before = wait_once(poller(), std::nullopt);
  const auto after = wait_once(poller(), std::nullopt);

  EXPECT_EQ(before.events.size(), 1U);
  EXPECT_EQ(after.events.size(), 2U);
}

TEST_P(FaultyPollerTest, LateEventWhoseCauseHasGoneIsNotTold) {
  open({.late = always, .most_late_waits = 1});
  for (const auto trigger : triggers()) {
    SCOPED_TRACE(to_string(trigger));
    auto [near, far] = test::socket_pair();
    add(near, first, Interest::read, trigger);
    test::send(far, "x");
    EXPECT_TRUE(look(poller()).events.empty());

    EXPECT_EQ(test::drain(near), "x");

    expect_silence(poller(), 20ms);
    EXPECT_TRUE(succeeded(poller().remove(near.get())));
  }
}

TEST_P(FaultyPollerTest, LateOneshotIsToldOnce) {
  open({.late = always});
  auto [near, far] = test::socket_pair();
  add(near, first, Interest::read, Trigger::oneshot);
  test::send(far, "x");

  expect_ready(poller(), first, Ready::readable);

  expect_silence(poller(), 20ms);
}

TEST_P(FaultyPollerTest, PollableHandleIsReadableWhileAnEdgeIsLate) {
  open({.late = always, .most_late_waits = 1});
  const auto handle = poller().pollable_handle();
  if (!handle) GTEST_SKIP() << "the backend has no pollable handle";
  for (const auto trigger : triggers()) {
    SCOPED_TRACE(to_string(trigger));
    auto [near, far] = test::socket_pair();
    add(near, first, Interest::read, trigger);
    test::send(far, "x");
    EXPECT_TRUE(look(poller()).events.empty());

    pollfd asked{.fd = *handle, .events = POLLIN, .revents = 0};
    EXPECT_EQ(::poll(&asked, 1, 1000), 1);

    EXPECT_EQ(look(poller()).ready(first), Ready::readable);
    EXPECT_TRUE(succeeded(poller().remove(near.get())));
  }
}

TEST_P(FaultyPollerTest, EventsOfAWaitAreReordered) {
  open({.reordered = always});
  std::vector<test::Pair> pairs;
  std::set<std::vector<Token>> orders;
  for (std::uint64_t index = 0; index < 8; ++index) {
    pairs.push_back(test::socket_pair());
    add(pairs.back().near, Token{index}, Interest::write);
  }

  for (int round = 0; round < 10; ++round) {
    std::vector<Token> order;
    for (const auto& event : look(poller()).events) order.push_back(event.token);
    ASSERT_EQ(std::set(order.begin(), order.end()).size(), pairs.size());
    orders.insert(order);
  }

  EXPECT_GT(orders.size(), 5U);
  EXPECT_EQ(counters().reordered, 10U);
}

TEST_P(FaultyPollerTest, ShortBatchesReportEveryoneInTurn) {
  open({.short_batch = always, .short_batch_room = 1});
  std::vector<test::Pair> pairs;
  for (std::uint64_t index = 0; index < 6; ++index) {
    pairs.push_back(test::socket_pair());
    add(pairs.back().near, Token{index}, Interest::write);
  }
  std::set<Token> seen;

  for (std::size_t round = 0; round < pairs.size(); ++round) {
    const auto waited = look(poller());
    ASSERT_EQ(waited.events.size(), 1U);
    seen.insert(waited.events.front().token);
  }

  EXPECT_EQ(seen.size(), pairs.size());
  EXPECT_EQ(counters().short_batches, pairs.size());
}

TEST_P(FaultyPollerTest, HintsAreDroppedAndDirectionsStay) {
  open({});
  auto [near, far] = test::connected_pair();
  add(near, first, both);
  far.reset();
  ASSERT_TRUE(test::is_ready_for(near, POLLIN));
  const auto plain = Ready::readable | Ready::writable;
  const auto told = look(poller()).ready(first);

  poller().set_plan({.hints_dropped = always});

  EXPECT_EQ(look(poller()).ready(first), plain);
  EXPECT_EQ(counters().hints_dropped, told == plain ? 0U : 1U);
}

TEST_P(FaultyPollerTest, EmptyWakeEndsAWaitAndTakesNoEvent) {
  open({.empty_wake = always});
  auto [near, far] = test::socket_pair();
  add(near, first, Interest::read);

  EXPECT_EQ(wait_once(poller(), std::nullopt).result, (WaitResult{.count = 0, .woken = true}));
  test::send(far, "x");
  const auto waited = wait_once(poller(), std::nullopt);

  EXPECT_TRUE(waited.result.woken);
  EXPECT_EQ(waited.ready(first), Ready::readable);
  EXPECT_EQ(counters().empty_wakes, 2U);
}

TEST_P(FaultyPollerTest, AddThatFailsRegistersNothing) {
  const auto wanted = std::make_error_code(std::errc::no_space_on_device);
  open({.add_fails = Frequency::every(2), .add_errors = {wanted}});
  auto [near, far] = test::socket_pair();
  auto other = test::socket_pair();
  test::send(far, "x");
  add(other.near, second, Interest::read);

  EXPECT_EQ(poller().add(near.get(), first, Interest::read, Trigger::level), wanted);

  EXPECT_EQ(poller().remove(near.get()), Errc::not_registered);
  expect_silence(poller(), 20ms);
  add(near, first, Interest::read);
  expect_ready(poller(), first, Ready::readable);
  EXPECT_EQ(counters().add_failures, 1U);
}

TEST_P(FaultyPollerTest, AddFailsWithEachOfItsErrors) {
  open({.add_fails = always});
  auto [near, far] = test::socket_pair();
  std::set<std::error_code> seen;

  for (int round = 0; round < 50; ++round) {
    seen.insert(poller().add(near.get(), first, Interest::read, Trigger::level));
  }

  const FaultPlan plan;
  EXPECT_EQ(seen, std::set(plan.add_errors.begin(), plan.add_errors.end()));
}

TEST_P(FaultyPollerTest, ModifyThatFailsChangesNothing) {
  open({.modify_fails = Frequency::every(2)});
  auto [near, far] = test::socket_pair();
  add(near, first, Interest::none, Trigger::oneshot);
  modify(near, first, Interest::read, Trigger::oneshot);
  test::send(far, "x");
  expect_ready(poller(), first, Ready::readable);

  EXPECT_EQ(poller().modify(near.get(), second, Interest::read, Trigger::oneshot),
            std::errc::not_enough_memory);

  expect_silence(poller(), 20ms);
  modify(near, second, Interest::read, Trigger::oneshot);
  expect_ready(poller(), second, Ready::readable);
  EXPECT_EQ(counters().modify_failures, 1U);
}

TEST_P(FaultyPollerTest, WaitThatFailsTakesNeitherEventNorWake) {
  open({.wait_fails = Frequency::every(2)});
  auto [near, far] = test::socket_pair();
  add(near, first, Interest::read, Trigger::oneshot);
  EXPECT_TRUE(look(poller()).events.empty());
  test::send(far, "x");
  poller().wake();
  std::array<Event, 4> events{};

  EXPECT_EQ(poller().wait(events, std::nullopt).error, std::errc::not_enough_memory);

  const auto waited = wait_once(poller(), std::nullopt);
  EXPECT_TRUE(waited.result.woken);
  EXPECT_EQ(waited.ready(first), Ready::readable);
  EXPECT_EQ(counters().wait_failures, 1U);
}

TEST_P(FaultyPollerTest, LostOneshotIsNeverTold) {
  open({.beyond = {.lost = always}});
  auto [near, far] = test::socket_pair();
  add(near, first, Interest::read, Trigger::oneshot);
  test::send(far, "x");

  expect_silence(poller(), 20ms);

  EXPECT_EQ(counters().lost, 1U);
  poller().set_plan({});
  modify(near, first, Interest::read, Trigger::oneshot);
  expect_ready(poller(), first, Ready::readable);
}

TEST_P(FaultyPollerTest, LostEdgeIsNeverTold) {
  open({.beyond = {.lost = always}});
  if (!poller().capabilities().edge) GTEST_SKIP() << "the backend has no edge trigger";
  auto [near, far] = test::socket_pair();
  add(near, first, Interest::read, Trigger::edge);
  test::send(far, "x");

  expect_silence(poller(), 20ms);

  EXPECT_EQ(counters().lost, 1U);
}

TEST_P(FaultyPollerTest, LevelIsNeverLost) {
  open({.beyond = {.lost = always}});
  auto [near, far] = test::socket_pair();
  add(near, first, Interest::read);
  test::send(far, "x");

  expect_ready(poller(), first, Ready::readable);
}

TEST_P(FaultyPollerTest, EarlyReturnSaysNothing) {
  open({.beyond = {.early_return = always}});

  EXPECT_EQ(wait_once(poller(), std::nullopt).result, WaitResult{});
  EXPECT_EQ(wait_once(poller(), 1h).result, WaitResult{});
  EXPECT_EQ(look(poller()).result, WaitResult{});

  EXPECT_EQ(counters().early_returns, 2U) << "one that only looks cannot be early";
}

TEST_P(FaultyPollerTest, InterruptedWaitSaysSo) {
  open({.beyond = {.interrupted = always}});
  std::array<Event, 4> events{};

  EXPECT_EQ(poller().wait(events, std::nullopt).error, std::errc::interrupted);
}

TEST_P(FaultyPollerTest, LostWakeIsNotTold) {
  open({.beyond = {.lost_wake = always}});
  poller().wake();

  expect_silence(poller(), 20ms);

  EXPECT_EQ(counters().lost_wakes, 1U);
}

/// What a poller says while a fixed play is performed before it.
class Play {
 public:
  explicit Play(std::string backend) : backend_(std::move(backend)) {}

  [[nodiscard]] std::string perform(const FaultPlan& plan) const {
    FaultyPoller poller(open_poller(backend_).poller, plan);
    std::vector<test::Pair> pairs;
    for (std::uint64_t index = 0; index < 6; ++index) {
      pairs.push_back(test::socket_pair());
      const auto trigger = index % 2 == 0 ? Trigger::level : Trigger::oneshot;
      EXPECT_FALSE(poller.add(pairs.back().near.get(), Token{index}, both, trigger));
    }
    std::string said;
    for (std::size_t round = 0; round < 60; ++round) {
      const auto& [near, far] = pairs[round % pairs.size()];
      test::send(far, "x");
      const auto token = Token{round % pairs.size()};
      static_cast<void>(poller.modify(near.get(), token, Interest::read, Trigger::oneshot));
      said += transcript(look(poller));
    }
    return said + to_string(poller.counters());
  }

 private:
  static std::string transcript(const test::Waited& waited) {
    std::string text = waited.result.woken ? "woken " : "";
    for (const auto& event : waited.events) text += to_string(event);
    return text + "\n";
  }

  std::string backend_;
};

TEST_P(FaultyPollerTest, SameSeedGivesTheSameFaults) {
  const Play play(GetParam());
  std::set<std::string> different;

  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    const auto said = play.perform(mixed_faults(seed));
    EXPECT_EQ(play.perform(mixed_faults(seed)), said) << "seed " << seed;
    different.insert(said);
  }

  EXPECT_EQ(different.size(), 8U);
}

TEST_P(FaultyPollerTest, NewPlanReplacesTheOldOne) {
  open({.seed = 5, .spurious = always});
  auto [near, far] = test::socket_pair();
  add(near, first, Interest::read);
  EXPECT_EQ(look(poller()).events.size(), 1U);

  poller().set_plan({.seed = 6});

  expect_silence(poller(), 20ms);
  EXPECT_EQ(poller().seed(), 6U);
  EXPECT_EQ(counters().spurious, 1U);
}

TEST_P(FaultyPollerTest, ReportNamesTheSeed) {
  open({.seed = 42, .spurious = always});
  auto [near, far] = test::socket_pair();
  add(near, first, Interest::read);
  EXPECT_EQ(look(poller()).events.size(), 1U);

  EXPECT_EQ(poller().report(), "seed 42: 1 spurious in 1 waits");
}

TEST_P(FaultyPollerTest, WakesOfOtherThreadsAreNeverLostWithinTheContract) {
  auto plan = mixed_faults(11);
  plan.empty_wake = {};
  open(plan);
  auto [near, far] = test::socket_pair();
  add(near, first, both, Trigger::level);
  constexpr int wakes = 200;
  std::atomic<int> asked{0};
  int answered = 0;
  std::thread waker([&] {
    for (int count = 1; count <= wakes; ++count) {
      asked.store(count);
      poller().wake();
    }
  });

  // Each wait that is woken has seen all that was asked for before the wake.
  const test::Stopwatch watch;
  while (answered < wakes && watch.elapsed() < test::bound()) {
    if (wait_once(poller(), 10ms).result.woken) answered = asked.load();
  }
  waker.join();

  EXPECT_EQ(answered, wakes);
}

}  // namespace
}  // namespace polymux::testing
