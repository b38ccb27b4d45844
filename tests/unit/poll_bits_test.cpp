#include "platform/poll_bits.hpp"

#include <gtest/gtest.h>

namespace polymux {
namespace {

using enum Ready;

TEST(PollBits, InterestBecomesTheBitsOfPoll) {
  EXPECT_EQ(to_poll_bits(Interest::none), 0);
  EXPECT_EQ(to_poll_bits(Interest::read), POLLIN | poll_read_closed);
  EXPECT_EQ(to_poll_bits(Interest::write), POLLOUT);
  EXPECT_EQ(to_poll_bits(Interest::priority), POLLPRI);
}

TEST(PollBits, NothingIsReadyWithoutInterest) {
  EXPECT_EQ(to_ready(POLLIN | POLLOUT | POLLERR | POLLHUP | POLLNVAL, Interest::none), none);
}

TEST(PollBits, OnlyWhatWasAskedForIsReported) {
  EXPECT_EQ(to_ready(POLLIN | POLLOUT | POLLPRI, Interest::read), readable);
  EXPECT_EQ(to_ready(POLLIN | POLLOUT | POLLPRI, Interest::write), writable);
  EXPECT_EQ(to_ready(POLLIN | POLLOUT | POLLPRI, Interest::priority), priority);
}

TEST(PollBits, HangUpAloneMakesReadyWhatWasAskedFor) {
  EXPECT_EQ(to_ready(POLLHUP, Interest::read), readable | hangup);
  EXPECT_EQ(to_ready(POLLHUP, Interest::write), writable | hangup);
  EXPECT_EQ(to_ready(POLLHUP, Interest::read | Interest::write), readable | writable | hangup);
}

TEST(PollBits, ErrorAloneMakesReadyWhatWasAskedFor) {
  EXPECT_EQ(to_ready(POLLERR, Interest::read), readable | error);
  EXPECT_EQ(to_ready(POLLERR, Interest::write), writable | error);
}

TEST(PollBits, HalfCloseIsReadable) {
  if (poll_read_closed == 0) GTEST_SKIP() << "this system's poll(2) has no POLLRDHUP";

  EXPECT_EQ(to_ready(poll_read_closed, Interest::read), readable | read_closed);
  EXPECT_EQ(to_ready(poll_read_closed, Interest::write), none);
}

TEST(PollBits, NewsOfKernfsIsPriorityAndNoError) {
  EXPECT_EQ(to_ready(POLLPRI | POLLERR, Interest::priority), priority);
  EXPECT_EQ(to_ready(POLLPRI | POLLERR, Interest::read), readable | error);
  EXPECT_EQ(to_ready(POLLPRI | POLLERR | POLLHUP, Interest::priority), priority | error | hangup);
}

TEST(PollBits, EndIsNoNewsToWhoAskedForUrgentDataAlone) {
  EXPECT_EQ(to_ready(POLLHUP | POLLERR | POLLIN, Interest::priority), none);
  EXPECT_TRUE(is_unwanted_end(POLLHUP, Interest::priority));
  EXPECT_TRUE(is_unwanted_end(POLLERR, Interest::priority));
  EXPECT_FALSE(is_unwanted_end(POLLHUP | POLLPRI, Interest::priority));
  EXPECT_FALSE(is_unwanted_end(POLLNVAL | POLLERR, Interest::priority));
  EXPECT_FALSE(is_unwanted_end(POLLHUP, Interest::priority | Interest::read));
}

TEST(PollBits, ClosedNumberIsInvalidAndNothingElse) {
  EXPECT_EQ(to_ready(POLLNVAL | POLLIN, Interest::read), invalid);
}

}  // namespace
}  // namespace polymux
