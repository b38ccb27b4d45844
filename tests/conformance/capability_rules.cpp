#include <poll.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <utility>
#include <vector>

#include <polymux/poller/registry.hpp>

#include "tests/conformance/conformance_test.hpp"
#include "tests/support/processes.hpp"

namespace polymux::test {
namespace {

class CapabilityRules : public ConformanceTest {
 protected:
  /// The processor time of a hundred looks: the least of several, for others disturb.
  std::chrono::nanoseconds cost_of_waits() {
    auto least = std::chrono::nanoseconds::max();
    for (int batch = 0; batch < 7; ++batch) {
      std::array<Event, 8> buffer;
      const CpuClock cpu;
      for (int round = 0; round < 100; ++round) {
        const auto result = poller().wait(buffer, std::chrono::nanoseconds::zero());
        EXPECT_EQ(result, WaitResult{});
      }
      least = std::min(least, cpu.elapsed());
    }
    return least;
  }

  /// Whether the handle is readable now, as another loop would see it.
  static bool is_readable(int handle) {
    pollfd entry{.fd = handle, .events = POLLIN, .revents = 0};
    return ::poll(&entry, 1, 0) == 1 && (entry.revents & POLLIN) != 0;
  }
  static bool becomes_readable(int handle) {
    pollfd entry{.fd = handle, .events = POLLIN, .revents = 0};
    return ::poll(&entry, 1, static_cast<int>(bound().count())) == 1;
  }
};
POLYMUX_FOR_EVERY_SUBJECT(CapabilityRules);

TEST_P(CapabilityRules, Cap1CapabilitiesStayTheSame) {
  const auto other = open_another();
  ASSERT_NE(other, nullptr);
  const auto* const address = &capabilities();
  const auto before = capabilities();
  auto [near, far] = connected_pair();
  add(near, Token{1}, Interest::write);
  expect_ready(Token{1}, Ready::writable);

  const auto& after = capabilities();

  EXPECT_EQ(address, &after);
  for (const auto* them : {&after, &other->capabilities()}) {
    EXPECT_EQ(them->edge, before.edge);
    EXPECT_EQ(them->priority, before.priority);
    EXPECT_EQ(them->read_closed, before.read_closed);
    EXPECT_EQ(them->hangup, before.hangup);
    EXPECT_EQ(them->error, before.error);
    EXPECT_EQ(them->pollable_handle, before.pollable_handle);
    EXPECT_EQ(them->timeout_step, before.timeout_step);
    EXPECT_EQ(them->greatest_fd, before.greatest_fd);
    EXPECT_EQ(them->wait_cost, before.wait_cost);
  }
}

TEST_P(CapabilityRules, Cap2HandleWhereAbsentIsEmpty) {
  if (capabilities().pollable_handle) GTEST_SKIP() << "the backend has a handle; see CAP-3";

  EXPECT_EQ(poller().pollable_handle(), std::nullopt);
}

TEST_P(CapabilityRules, Cap3HandleIsReadableWhileAnEventWaits) {
  if (!capabilities().pollable_handle) GTEST_SKIP() << "the backend has no handle; see CAP-2";
  auto [near, far] = connected_pair();
  add(near, Token{1}, Interest::read);
  const auto handle = poller().pollable_handle();
  ASSERT_TRUE(handle);
  EXPECT_FALSE(is_readable(*handle));

  send(far, "x");

  EXPECT_TRUE(becomes_readable(*handle));
  EXPECT_EQ(look(poller()).ready(Token{1}), Ready::readable);
  EXPECT_TRUE(is_readable(*handle)) << "level";
  drain(near);
  EXPECT_EQ(look(poller()).result, WaitResult{});
  EXPECT_FALSE(is_readable(*handle));
  EXPECT_EQ(poller().pollable_handle(), handle);
}

TEST_P(CapabilityRules, Cap3HandleIsReadableAfterAWake) {
  if (!capabilities().pollable_handle) GTEST_SKIP() << "the backend has no handle; see CAP-2";
  const auto handle = poller().pollable_handle();
  ASSERT_TRUE(handle);
  for (int round = 0; round < 3; ++round) {
    {
      const Later later(std::chrono::milliseconds(5), [this] { poller().wake(); });
      EXPECT_TRUE(becomes_readable(*handle)) << "round " << round;
    }
    EXPECT_TRUE(look(poller()).result.woken);
    EXPECT_FALSE(is_readable(*handle)) << "round " << round;
  }
}

TEST_P(CapabilityRules, Cap3WakeBeforeTheHandleWasAskedForShowsOnIt) {
  if (!capabilities().pollable_handle) GTEST_SKIP() << "the backend has no handle; see CAP-2";
  poller().wake();

  const auto handle = poller().pollable_handle();

  ASSERT_TRUE(handle);
  EXPECT_TRUE(is_readable(*handle));
  EXPECT_TRUE(look(poller()).result.woken);
  EXPECT_FALSE(is_readable(*handle));
}

TEST_P(CapabilityRules, Cap3HandleFollowsEachChangeAtOnce) {
  if (!capabilities().pollable_handle) GTEST_SKIP() << "the backend has no handle; see CAP-2";
  auto [near, far] = connected_pair();
  send(far, "x");
  ASSERT_TRUE(is_ready_for(near, POLLIN));
  const auto handle = poller().pollable_handle();
  ASSERT_TRUE(handle);
  EXPECT_FALSE(is_readable(*handle));

  add(near, Token{1}, Interest::read, Trigger::oneshot);
  EXPECT_TRUE(becomes_readable(*handle)) << "add of what is ready";
  EXPECT_EQ(look(poller()).ready(Token{1}), Ready::readable);
  EXPECT_FALSE(is_readable(*handle)) << "a oneshot that has fired";

  modify(near, Token{2}, Interest::read);
  EXPECT_TRUE(becomes_readable(*handle)) << "modify of what is ready";
  modify(near, Token{2}, Interest::none);
  EXPECT_EQ(look(poller()).result, WaitResult{});
  EXPECT_FALSE(is_readable(*handle)) << "interest none";

  modify(near, Token{2}, Interest::read);
  EXPECT_TRUE(succeeded(poller().remove(near.get())));
  EXPECT_EQ(look(poller()).result, WaitResult{});
  EXPECT_FALSE(is_readable(*handle)) << "remove";
}

TEST_P(CapabilityRules, Cap3HandleStaysWithWhoWaitsForIt) {
  if (!capabilities().pollable_handle) GTEST_SKIP() << "the backend has no handle; see CAP-2";
  // To be rid of a duplicate, a backend may have to open anew what it waits with.
  auto [near, far] = connected_pair();
  auto good = connected_pair();
  const auto copy = duplicate(near);
  add(near, Token{1}, Interest::read);
  add(good.near, Token{2}, Interest::read);
  const auto handle = poller().pollable_handle();
  ASSERT_TRUE(handle);
  const auto outer = open_another();
  ASSERT_NE(outer, nullptr);
  EXPECT_TRUE(succeeded(outer->add(*handle, Token{3}, Interest::read)));
  const int number = near.get();
  near.reset();
  EXPECT_TRUE(succeeded(poller().remove(number)));
  send(far, "x");
  ASSERT_TRUE(is_ready_for(copy, POLLIN));
  expect_silence();
  test::expect_silence(*outer);

  send(good.far, "y");

  EXPECT_EQ(test::expect_ready(*outer, Token{3}, Ready::readable), Ready::readable);
  EXPECT_EQ(look(poller()).ready(Token{2}), Ready::readable);
  EXPECT_EQ(poller().pollable_handle(), handle);
}

TEST_P(CapabilityRules, Cap4HandleOfAnotherPollerCanBeWaitedFor) {
  std::unique_ptr<Poller> inner;
  for (const auto& status : available_backends()) {
    if (status.is_available() && status.capabilities.pollable_handle) {
      inner = open_poller(*status.id).poller;
    }
  }
  if (!inner) GTEST_SKIP() << "no backend of this system has a handle";
  const auto handle = inner->pollable_handle();
  ASSERT_TRUE(handle);
  auto [near, far] = connected_pair();
  EXPECT_TRUE(succeeded(inner->add(near.get(), Token{1}, Interest::read)));

  EXPECT_TRUE(succeeded(poller().add(*handle, Token{2}, Interest::read)));

  expect_silence(std::chrono::milliseconds(30));
  send(far, "x");
  EXPECT_EQ(expect_ready(Token{2}, Ready::readable), Ready::readable);
  EXPECT_EQ(look(*inner).ready(Token{1}), Ready::readable);
  drain(near);
  static_cast<void>(look(*inner));
  expect_silence(std::chrono::milliseconds(30));
  EXPECT_TRUE(succeeded(poller().remove(*handle)));
}

TEST_P(CapabilityRules, Cap5WaitCostsNoMoreThanSaid) {
  if (capabilities().wait_cost == WaitCost::greatest_fd) {
    GTEST_SKIP() << "a wait may cost what it will: wait_cost is greatest_fd";
  }
  allow_cpu(std::chrono::milliseconds(1500));
  if (!allow_descriptor(3100)) GTEST_SKIP() << "RLIMIT_NOFILE is below 3100";
  const auto pair = socket_pair();
  add(pair.near, Token{1}, Interest::read);
  const auto few = cost_of_waits();

  std::vector<Fd> idle;
  const auto add_idle = [&](Fd fd) {
    ASSERT_TRUE(fd);
    idle.push_back(std::move(fd));
    add(idle.back(), Token{2}, Interest::read);
  };
  add_idle(duplicate_at(pair.near, 3000));
  const auto allowed = 4 * few + std::chrono::microseconds(500) * slowness();
  EXPECT_LT(cost_of_waits(), allowed) << "it grows with the greatest number";
  if (capabilities().wait_cost != WaitCost::ready) return;
  // Files of their own: what duplicates share, a backend may have to look at each time.
  while (idle.size() < 1500) {
    auto [near, far] = datagram_pair();
    add_idle(std::move(near));
    add_idle(std::move(far));
  }

  EXPECT_LT(cost_of_waits(), allowed) << "it grows with the number of registrations";
}

TEST_P(CapabilityRules, Cap6PollerDoesNotWaitForItself) {
  if (!capabilities().pollable_handle) GTEST_SKIP() << "the backend has no handle; see CAP-2";
  const auto handle = poller().pollable_handle();
  ASSERT_TRUE(handle);
  auto [near, far] = connected_pair();
  add(near, Token{1}, Interest::read);

  for (const auto interest : {Interest::none, Interest::read}) {
    EXPECT_TRUE(is_error(poller().add(*handle, Token{2}, interest), Errc::invalid_argument));
  }

  EXPECT_TRUE(is_error(poller().remove(*handle), Errc::not_registered));
  expect_silence();
  send(far, "x");
  EXPECT_EQ(expect_ready(Token{1}, Ready::readable), Ready::readable);
}

}  // namespace
}  // namespace polymux::test

POLYMUX_SUITE_PART(capability_rules)
