#include "platform/wakeup.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>

namespace polymux {
namespace {

bool is_readable(int fd) {
  pollfd entry{.fd = fd, .events = POLLIN, .revents = 0};
  return ::poll(&entry, 1, 0) == 1;
}

TEST(Wakeup, IsNonBlockingAndClosedOnExec) {
  Wakeup wakeup;
  ASSERT_FALSE(wakeup.open());

  EXPECT_NE(::fcntl(wakeup.fd(), F_GETFL) & O_NONBLOCK, 0);
  EXPECT_NE(::fcntl(wakeup.fd(), F_GETFD) & FD_CLOEXEC, 0);
}

TEST(Wakeup, ClearTakesBackAnyNumberOfSignals) {
  Wakeup wakeup;
  ASSERT_FALSE(wakeup.open());
  EXPECT_FALSE(is_readable(wakeup.fd()));

  for (int i = 0; i < 100'000; ++i) wakeup.signal();
  EXPECT_TRUE(is_readable(wakeup.fd()));

  wakeup.clear();
  EXPECT_FALSE(is_readable(wakeup.fd()));
}

TEST(Wakeup, ClearWithoutSignalDoesNotBlock) {
  Wakeup wakeup;
  ASSERT_FALSE(wakeup.open());

  wakeup.clear();

  EXPECT_FALSE(is_readable(wakeup.fd()));
}

TEST(Wakeup, SignalLeavesErrnoAsItWas) {
  Wakeup never_opened;
  errno = EDOM;

  never_opened.signal();

  EXPECT_EQ(errno, EDOM);
}

}  // namespace
}  // namespace polymux
