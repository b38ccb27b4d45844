// Sequences that once diverged, pasted as they were printed.

#include <gtest/gtest.h>

#include "tests/differential/player.hpp"

namespace polymux::differential {
namespace {

// A hang-up came without a direction to who waited for urgent data alone.
TEST(Regression, HangupToInterestPriorityAlone) {
  EXPECT_EQ(play_everywhere(Sequence()
                                .open(1, Kind::socket_pair)
                                .add(far(1), Interest::priority, Trigger::oneshot)
                                .close(near(1))
                                .wait_long(4)),
            "");
}

// The first place of the buffer went to the hang-up of a registration that rests, which nobody is
// told of, and nothing was reported though something was ready.
TEST(Regression, HangupOfOneThatRestsTakesNoPlace) {
  EXPECT_EQ(play_everywhere(Sequence()
                                .open(0, Kind::tcp)
                                .duplicate(far(0))
                                .open(1, Kind::socket_pair)
                                .close(far(1))
                                .add(near(1), Interest::none)
                                .close_without_remove(near(0))
                                .add(copy_of(far(0)), Interest::read)
                                .wait(1)),
            "");
}

// A set that was made anew within a wait told again what the wait had reported, and that took the
// place of what it had not.
TEST(Regression, SetThatIsMadeAnewHidesNothing) {
  EXPECT_EQ(play_everywhere(Sequence()
                                .open(0, Kind::socket_pair)
                                .duplicate(near(0))
                                .add(near(0), Interest::write)
                                .add(far(0), Interest::read)
                                .duplicate(far(0))
                                .modify(near(0), Interest::read | Interest::write)
                                .replace(far(0), copy_of(near(0)))
                                .write(near(0), 30)
                                .add(far(0), Interest::read | Interest::write, Trigger::oneshot)
                                .wait(2)),
            "");
}

// Who waits for urgent data alone is silent about a hang-up; of a number that was closed the kernel
// cannot be told so, and the wait went on for ever.
TEST(Regression, HangupOfAClosedNumberEndsAWait) {
  EXPECT_EQ(play_everywhere(Sequence()
                                .open(0, Kind::socket_pair)
                                .duplicate(near(0))
                                .add(near(0), Interest::priority)
                                .close_without_remove(near(0))
                                .close(far(0))
                                .wait(1)),
            "");
}

// A set that was made anew took in the file that a closed number means by now.
TEST(Regression, SetThatIsMadeAnewTakesNoStranger) {
  EXPECT_EQ(play_everywhere(Sequence()
                                .open(0, Kind::tcp)
                                .add(far(0), Interest::none)
                                .duplicate(far(0))
                                .send_urgent(far(0))
                                .add(near(0), Interest::none, Trigger::edge)
                                .replace(far(0), near(0))
                                .close_without_remove(near(0))
                                .close(far(0))
                                .open(0, Kind::udp)
                                .wait(5)
                                .wait(30)
                                .modify(far(0), Interest::read)),
            "");
}

// A number that was closed without remove and means a device by now: of two mistakes the second one
// was named.
TEST(Regression, DirectionIsNamedBeforeReadiness) {
  EXPECT_EQ(play_everywhere(Sequence()
                                .open(0, Kind::pipe)
                                .add(near(0), Interest::read)
                                .close_without_remove(near(0))
                                .open(1, Kind::null_device)
                                .add(near(0), Interest::read | Interest::write, Trigger::oneshot)),
            "");
}

// epoll_ctl(2) looks at the kind of file before it looks whether it has it.
TEST(Regression, NumberThatMeansADeviceByNowIsNotRegistered) {
  EXPECT_EQ(
      play_everywhere(Sequence()
                          .open(0, Kind::socket_pair)
                          .add(near(0), Interest::read | Interest::write, Trigger::oneshot)
                          .close_without_remove(near(0))
                          .open(1, Kind::null_device)
                          .modify(near(0), Interest::read | Interest::write, Trigger::oneshot)),
      "");
}

// Linux signals room in a socket pair only after a write has failed since O_ASYNC was set.
TEST(Regression, RoomInASocketPairThatWasFullBeforeItWasAdded) {
  EXPECT_EQ(play_everywhere(Sequence()
                                .open(2, Kind::socket_pair)
                                .fill(far(2))
                                .add(far(2), Interest::read | Interest::write, Trigger::oneshot)
                                .wait(30)
                                .drain(near(2))
                                .wait(1)),
            "");
}

// The last entry of an array took the place of one that was removed, and lost its turn.
TEST(Regression, RemoveCostsNobodyItsTurn) {
  EXPECT_EQ(play_everywhere(Sequence()
                                .open(1, Kind::udp)
                                .open(0, Kind::tcp)
                                .add(near(0), Interest::write)
                                .add(far(0), Interest::write)
                                .duplicate(near(1))
                                .add(copy_of(near(1)), Interest::read | Interest::write)
                                .wait_long(2)
                                .close(far(0))
                                .wait(1)),
            "");
}

// A wait that found a closed number told of nothing else, though there was room.
TEST(Regression, WhatIsReadyComesBesideWhatIsInvalid) {
  EXPECT_EQ(play_everywhere(Sequence()
                                .open(1, Kind::listener)
                                .add(near(1), Interest::read)
                                .open(0, Kind::tcp)
                                .add(near(0), Interest::read | Interest::write)
                                .close_without_remove(near(1))
                                .wait_long(2)),
            "");
}

// io_uring: an answer that has to be confirmed lost its turn to those that have not.
TEST(Regression, UrgentInterestKeepsItsTurn) {
  EXPECT_EQ(play_everywhere(Sequence()
                                .open(0, Kind::tcp)
                                .add(near(0), Interest::read | Interest::write)
                                .add(far(0), Interest::read | Interest::write | Interest::priority)
                                .wait(1)
                                .wait(1)),
            "");
}

}  // namespace
}  // namespace polymux::differential
