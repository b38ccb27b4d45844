#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include "tests/conformance/conformance_test.hpp"

namespace polymux::test {
namespace {

#define POLYMUX_NEEDS_PRIORITY() \
  if (!capabilities().priority) GTEST_SKIP() << "the backend has no priority; see PRIO-3"

class PriorityRules : public ConformanceTest {};
POLYMUX_FOR_EVERY_SUBJECT(PriorityRules);

TEST_P(PriorityRules, Prio1UrgentDataIsReportedAsPriority) {
  POLYMUX_NEEDS_PRIORITY();
  auto [near, far] = connected_pair();
  add(near, Token{1}, Interest::priority);
  expect_silence(std::chrono::milliseconds(30));

  send_urgent(far);

  EXPECT_EQ(expect_ready(Token{1}, Ready::priority), Ready::priority);
}

TEST_P(PriorityRules, Prio1OrdinaryDataIsNoPriority) {
  POLYMUX_NEEDS_PRIORITY();
  auto [near, far] = connected_pair();
  add(near, Token{1}, Interest::priority);
  send(far, "x");
  ASSERT_TRUE(is_ready_for(near, POLLIN));

  expect_silence();

  modify(near, Token{1}, Interest::read | Interest::priority);
  EXPECT_EQ(expect_ready(Token{1}, Ready::readable), Ready::readable);
}

TEST_P(PriorityRules, Prio2PriorityHoldsUntilItIsRead) {
  POLYMUX_NEEDS_PRIORITY();
  auto [near, far] = connected_pair();
  add(near, Token{1}, Interest::priority);
  send_urgent(far);
  expect_ready(Token{1}, Ready::priority);
  expect_ready(Token{1}, Ready::priority);

  char byte = 0;
  ASSERT_EQ(::recv(near.get(), &byte, 1, MSG_OOB), 1);

  EXPECT_EQ(byte, '!');
  expect_silence();
}

TEST_P(PriorityRules, Prio3PriorityWhereAbsentIsRefused) {
  if (capabilities().priority) GTEST_SKIP() << "the backend has priority; see PRIO-1";
  auto [near, far] = connected_pair();

  for (const auto interest : {Interest::priority, Interest::read | Interest::priority}) {
    EXPECT_TRUE(is_error(poller().add(near.get(), Token{1}, interest), Errc::not_supported));
  }
  add(near, Token{1}, Interest::read);
  EXPECT_TRUE(
      is_error(poller().modify(near.get(), Token{2}, Interest::priority), Errc::not_supported));

  send(far, "x");
  expect_ready(Token{1}, Ready::readable);
}

TEST_P(PriorityRules, Prio4UrgentDataIsNeverReportedUnasked) {
  auto [near, far] = connected_pair();
  add(near, Token{1}, Interest::read | Interest::write);
  send_urgent(far);
  ASSERT_TRUE(is_ready_for(near, POLLPRI));

  const auto ready = look(poller()).ready(Token{1});

  EXPECT_FALSE(contains(ready, Ready::priority)) << to_string(ready);
  EXPECT_FALSE(contains(ready, Ready::error)) << to_string(ready);
}

TEST_P(PriorityRules, Prio5NewsOfTheKernelIsNoError) {
  POLYMUX_NEEDS_PRIORITY();
  // An attribute that was never read has news, which the kernel tells as priority and error in one.
  const auto attribute = open_file("/sys/kernel/mm/transparent_hugepage/enabled", O_RDONLY);
  if (!attribute || !is_ready_for(attribute, POLLPRI)) {
    GTEST_SKIP() << "this system has no kernel attribute to wait for";
  }

  add(attribute, Token{1}, Interest::priority);

  EXPECT_EQ(expect_ready(Token{1}, Ready::priority), Ready::priority);
}

TEST_P(PriorityRules, Prio6UrgentDataInLineIsBoth) {
  POLYMUX_NEEDS_PRIORITY();
  auto [near, far] = connected_pair();
  const int on = 1;
  ASSERT_EQ(::setsockopt(near.get(), SOL_SOCKET, SO_OOBINLINE, &on, sizeof on), 0);
  add(near, Token{1}, Interest::read | Interest::priority);

  send_urgent(far);

  EXPECT_EQ(expect_ready(Token{1}, Ready::readable | Ready::priority),
            Ready::readable | Ready::priority);
  EXPECT_EQ(drain(near), "!");
  expect_silence();
}

TEST_P(PriorityRules, Prio7InterestInUrgentDataAloneIsSilentAboutTheEnd) {
  POLYMUX_NEEDS_PRIORITY();
  auto reset = connected_pair();
  auto closed = connected_pair();
  auto local = socket_pair();
  add(reset.near, Token{1}, Interest::priority);
  add(closed.near, Token{2}, Interest::priority, Trigger::oneshot);
  add(local.near, Token{3}, Interest::priority);
  reset_connection(reset.far);
  shut_down_writing(closed.near);
  shut_down_writing(closed.far);
  local.far.reset();
  for (const Fd* fd : {&reset.near, &closed.near, &local.near}) {
    ASSERT_TRUE(is_ready_for(*fd, POLLHUP));
  }

  expect_silence(std::chrono::milliseconds(150));

  modify(reset.near, Token{4}, Interest::priority);
  expect_silence();
  modify(reset.near, Token{5}, Interest::read | Interest::priority);
  expect_ready(Token{5}, Ready::readable);
}

TEST_P(PriorityRules, Prio7UrgentDataIsToldThoughTheEndHasCome) {
  POLYMUX_NEEDS_PRIORITY();
  auto [near, far] = connected_pair();
  send_urgent(far);
  shut_down_writing(far);
  shut_down_writing(near);
  ASSERT_TRUE(is_ready_for(near, POLLHUP));

  add(near, Token{1}, Interest::priority);

  expect_ready(Token{1}, Ready::priority);
  expect_ready(Token{1}, Ready::priority);
  char byte = 0;
  ASSERT_EQ(::recv(near.get(), &byte, 1, MSG_OOB), 1);
  expect_silence();
}

}  // namespace
}  // namespace polymux::test

POLYMUX_SUITE_PART(priority_rules)
