#include <poll.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <future>
#include <memory>
#include <thread>
#include <vector>

#include "tests/conformance/conformance_test.hpp"
#include "tests/support/allocations.hpp"
#include "tests/support/processes.hpp"

namespace polymux::test {
namespace {

using namespace std::chrono_literals;

class WaitRules : public ConformanceTest {};
POLYMUX_FOR_EVERY_SUBJECT(WaitRules);

TEST_P(WaitRules, Wait1EventsAreWrittenFromTheStartAndNoMoreThanFit) {
  std::vector<Pair> pairs;
  for (std::uint64_t index = 1; index <= 4; ++index) {
    pairs.push_back(connected_pair());
    add(pairs.back().near, Token{index}, Interest::write);
  }
  constexpr Event untouched{Token{77}, Ready::invalid};
  std::array<Event, 6> buffer;
  buffer.fill(untouched);

  const auto some = poller().wait(std::span(buffer).first(2), 0ns);

  EXPECT_EQ(some, (WaitResult{.count = 2}));
  for (const auto index : {0U, 1U}) EXPECT_EQ(buffer[index].ready, Ready::writable) << index;
  for (const auto index : {2U, 3U, 4U, 5U}) EXPECT_EQ(buffer[index], untouched) << index;
  buffer.fill(untouched);
  const auto all = poller().wait(buffer, 0ns);
  EXPECT_EQ(all, (WaitResult{.count = 4}));
  for (const auto index : {0U, 1U, 2U, 3U}) EXPECT_EQ(buffer[index].ready, Ready::writable);
  for (const auto index : {4U, 5U}) EXPECT_EQ(buffer[index], untouched) << index;
}

TEST_P(WaitRules, Wait2EmptyBufferIsRefused) {
  auto [near, far] = connected_pair();
  add(near, Token{1}, Interest::write, Trigger::oneshot);

  const auto result = poller().wait({}, std::nullopt);

  EXPECT_EQ(result.count, 0U);
  EXPECT_FALSE(result.woken);
  EXPECT_TRUE(is_error(result.error, Errc::invalid_argument));
  expect_ready(Token{1}, Ready::writable);
}

TEST_P(WaitRules, Wait2RefusedWaitConsumesNoWake) {
  poller().wake();

  EXPECT_FALSE(poller().wait({}, 0ns).woken);

  EXPECT_TRUE(look(poller()).result.woken);
}

TEST_P(WaitRules, Wait3ZeroLooksAndReturns) {
  auto [near, far] = connected_pair();
  add(near, Token{1}, Interest::read);

  const auto nothing = look(poller());
  send(far, "x");
  ASSERT_TRUE(is_ready_for(near, POLLIN));
  const auto something = look(poller());

  EXPECT_EQ(nothing.result, WaitResult{});
  EXPECT_LT(nothing.took, bound());
  EXPECT_EQ(something.ready(Token{1}), Ready::readable);
}

TEST_P(WaitRules, Wait3LookingDoesNotSleep) {
  // A busy machine makes many of these long, but not the best of all.
  auto shortest = bound() + 0ns;
  for (int round = 0; round < 20; ++round) shortest = std::min(shortest, look(poller()).took);

  EXPECT_LT(shortest, 500us * slowness());
}

TEST_P(WaitRules, Wait4OneEventForEachRegistration) {
  auto [near, far] = connected_pair();
  send(far, "x");
  ASSERT_TRUE(is_ready_for(near, POLLIN));

  add(near, Token{1}, Interest::read | Interest::write);

  for (int round = 0; round < 3; ++round) {
    const auto waited = look(poller());
    EXPECT_EQ(waited.events, (std::vector{Event{Token{1}, Ready::readable | Ready::writable}}))
        << "round " << round;
  }
}

TEST_P(WaitRules, Wait4OneEventThoughAllGoesWrongAtOnce) {
  auto [near, far] = connected_pair();
  send(far, "x");
  reset_connection(far);
  ASSERT_TRUE(is_ready_for(near, POLLIN));

  add(near, Token{1}, Interest::read | Interest::write);

  EXPECT_EQ(look(poller()).events.size(), 1U);
}

TEST_P(WaitRules, Wait5LevelIsReportedWhileItHoldsAndNoLonger) {
  auto [near, far] = connected_pair();
  add(near, Token{1}, Interest::read);
  send(far, "x");
  expect_ready(Token{1}, Ready::readable);

  for (int round = 0; round < 5; ++round) {
    EXPECT_EQ(look(poller()).ready(Token{1}), Ready::readable) << "round " << round;
  }
  EXPECT_EQ(drain(near), "x");

  expect_silence();
  send(far, "y");
  expect_ready(Token{1}, Ready::readable);
}

TEST_P(WaitRules, Wait6WaitsWithNothingRegistered) {
  expect_silence(80ms);

  auto [near, far] = connected_pair();
  add(near, Token{1}, Interest::write);
  EXPECT_TRUE(succeeded(poller().remove(near.get())));

  expect_silence(80ms);
  const Later later(10ms, [this] { poller().wake(); });
  EXPECT_TRUE(wait_once(poller(), std::nullopt).result.woken);
}

TEST_P(WaitRules, Wait7EventEndsAWaitUnderWay) {
  auto [near, far] = connected_pair();
  add(near, Token{1}, Interest::read);
  const Later later(30ms, [&far = far] { send(far, "x"); });

  const auto waited = wait_once(poller(), std::nullopt);

  EXPECT_EQ(waited.events, (std::vector{Event{Token{1}, Ready::readable}}));
  EXPECT_FALSE(waited.result.woken);
  EXPECT_LT(waited.took, bound());
}

TEST_P(WaitRules, Wait8SteadyStateAllocatesNothing) {
  std::vector<Pair> pairs;
  for (std::uint64_t index = 0; index < 20; ++index) {
    pairs.push_back(connected_pair());
    const auto trigger = index % 2 == 0 ? Trigger::level : Trigger::oneshot;
    add(pairs.back().near, Token{index}, Interest::read | Interest::write, trigger);
  }
  std::array<Event, 64> buffer;
  const auto turn = [&] {
    static_cast<void>(poller().wait(buffer, 0ns));
    for (std::uint64_t index = 1; index < 20; index += 2) {
      static_cast<void>(poller().modify(pairs[index].near.get(), Token{index}, Interest::write,
                                        Trigger::oneshot));
    }
    poller().wake();
  };
  for (int round = 0; round < 3; ++round) turn();
  const auto before = allocations();

  for (int round = 0; round < 100; ++round) turn();

  EXPECT_EQ(allocations() - before, 0U) << "allocations in 100 waits";
}

TEST_P(WaitRules, Wait9PollerMayBeHandedToAnotherThread) {
  // Opened and filled by a thread that has ended, waited on by a second, destroyed by a third.
  auto [near, far] = connected_pair();
  std::unique_ptr<Poller> handed;
  std::thread([&, &near = near] {
    handed = open_another();
    if (!handed) return;
    EXPECT_TRUE(succeeded(handed->add(near.get(), Token{1}, Interest::read)));
  }).join();
  ASSERT_NE(handed, nullptr);
  send(far, "x");

  std::thread([&] { test::expect_ready(*handed, Token{1}, Ready::readable); }).join();

  drain(near);
  test::expect_silence(*handed);
  handed->wake();
  EXPECT_TRUE(look(*handed).result.woken);
  EXPECT_TRUE(succeeded(handed->modify(near.get(), Token{2}, Interest::write)));
  test::expect_ready(*handed, Token{2}, Ready::writable);
  std::thread([&] { handed.reset(); }).join();
}

TEST_P(WaitRules, Wait10BufferMayBeLargerThanAnyKernelWants) {
  auto [near, far] = connected_pair();
  add(near, Token{1}, Interest::write);

  const auto waited = wait_once(poller(), 0ns, 100'000);

  EXPECT_EQ(waited.events, (std::vector{Event{Token{1}, Ready::writable}}));
}

}  // namespace
}  // namespace polymux::test

POLYMUX_SUITE_PART(wait_rules)
