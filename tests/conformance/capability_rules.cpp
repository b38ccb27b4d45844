#include <poll.h>

#include <memory>

#include <polymux/poller/registry.hpp>

#include "tests/conformance/conformance_test.hpp"
#include "tests/support/processes.hpp"

namespace polymux::test {
namespace {

class CapabilityRules : public ConformanceTest {
 protected:
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

}  // namespace
}  // namespace polymux::test
