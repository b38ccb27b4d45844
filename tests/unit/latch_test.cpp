#include "platform/latch.hpp"

#include <gtest/gtest.h>
#include <poll.h>

#include <chrono>

#include "platform/child_process.hpp"
#include "platform/wait_set.hpp"

namespace polymux {
namespace {

using namespace std::chrono_literals;

bool is_open_for(int fd) {
  pollfd entry{.fd = fd, .events = POLLIN, .revents = 0};
  return ::poll(&entry, 1, 0) == 1;
}

TEST(Latch, StaysTrippedForEverybody) {
  Latch latch;
  ASSERT_FALSE(latch.open());
  EXPECT_FALSE(is_open_for(latch.fd()));

  latch.trip();
  latch.trip();

  EXPECT_TRUE(is_open_for(latch.fd()));
  EXPECT_TRUE(is_open_for(latch.fd()));
}

TEST(Latch, AChildSeesTheEndOfItsParent) {
  Latch parents;
  Latch answer;
  ASSERT_FALSE(answer.open());
  const auto parent = fork_process();
  ASSERT_FALSE(parent.error);
  if (parent.is_child()) {
    if (parents.open()) end_child(1);
    const auto child = fork_process();
    if (!child.is_child()) end_child(child.error ? 1 : 0);
    parents.become_waiter();
    WaitSet waited(1);
    waited.await(0, parents.fd(), Interest::read);
    const auto error = waited.wait(WaitSet::Clock::now() + 10s);
    if (!error && waited.is_ready(0)) answer.trip();
    end_child(0);
  }

  WaitSet waited(1);
  waited.await(0, answer.fd(), Interest::read);
  ASSERT_FALSE(waited.wait(WaitSet::Clock::now() + 15s));

  EXPECT_TRUE(waited.is_ready(0));
  while (!reap_child()) {
  }
}

}  // namespace
}  // namespace polymux
