#include "platform/unique_fd.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "platform/descriptors.hpp"

namespace polymux {
namespace {

UniqueFd open_null() {
  return UniqueFd(::open("/dev/null", O_RDWR | O_CLOEXEC));
}

TEST(UniqueFd, ClosesWhatItOwns) {
  int number = -1;
  {
    const auto fd = open_null();
    number = fd.get();
    EXPECT_TRUE(is_open(number));
  }

  EXPECT_FALSE(is_open(number));
}

TEST(UniqueFd, MoveLeavesNothingBehind) {
  auto first = open_null();
  const int number = first.get();

  auto second = std::move(first);

  EXPECT_FALSE(first);
  EXPECT_EQ(second.get(), number);
}

TEST(UniqueFd, ReleaseGivesAwayWithoutClosing) {
  auto fd = open_null();

  const int number = fd.release();

  EXPECT_FALSE(fd);
  EXPECT_TRUE(is_open(number));
  const UniqueFd owner(number);
}

TEST(UniqueFd, ResetToTheSameNumberKeepsItOpen) {
  auto fd = open_null();

  fd.reset(fd.get());

  EXPECT_TRUE(is_open(fd.get()));
}

TEST(UniqueFd, ResetLeavesErrnoAsItWas) {
  UniqueFd closed_by_somebody_else(100'000);
  errno = EDOM;

  closed_by_somebody_else.reset();

  EXPECT_EQ(errno, EDOM);
}

}  // namespace
}  // namespace polymux
