#include "platform/process_epoch.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace polymux {
namespace {

/// The exit status of a child that runs `body`.
template <class Body>
int in_child(Body body) {
  const auto child = ::fork();
  if (child == 0) ::_exit(body());
  int status = -1;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// A poller may be a global variable.
const ProcessMark made_before_main;

TEST(ProcessEpoch, IsTheSameBeforeMain) {
  EXPECT_FALSE(made_before_main.is_foreign());
}

TEST(ProcessEpoch, StaysTheSameInOneProcess) {
  const ProcessMark mark;

  EXPECT_EQ(process_epoch(), process_epoch());
  EXPECT_FALSE(mark.is_foreign());
}

TEST(ProcessEpoch, ChildIsForeignAndItsChildIsForeignToBoth) {
  const ProcessMark mark;

  const int status = in_child([&] {
    const ProcessMark of_child;
    if (!mark.is_foreign() || of_child.is_foreign()) return 1;
    return in_child([&] { return mark.is_foreign() && of_child.is_foreign() ? 0 : 2; });
  });

  EXPECT_EQ(status, 0);
  EXPECT_FALSE(mark.is_foreign()) << "the parent is as it was";
}

}  // namespace
}  // namespace polymux
