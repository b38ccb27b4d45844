#include "apps/polymux/operation/peer_events.hpp"

#include <gtest/gtest.h>

namespace operation {
namespace {

using Lines = std::vector<std::string>;

TEST(PeerEvents, NothingHasHappened) {
  PeerEvents events;

  EXPECT_EQ(events.look({}), Lines{});
  EXPECT_EQ(events.look({.accepted = 5, .active = 5, .bytes_in = 100}), Lines{});
}

TEST(PeerEvents, EachKindIsOneLineWithWhatIsNew) {
  PeerEvents events;

  EXPECT_EQ(
      events.look({.refused_limit = 1000, .resets = 1}),
      (Lines{"1000 clients were refused, for --max-connections", "1 connections were broken off"}));
  EXPECT_EQ(events.look({.refused_limit = 1000, .resets = 1}), Lines{});
  EXPECT_EQ(events.look({.refused_limit = 1003, .resets = 1}),
            Lines{"3 clients were refused, for --max-connections"});
  EXPECT_EQ(events
                .look({.refused_limit = 1003,
                       .refused_descriptors = 1,
                       .accept_errors = 2,
                       .idle_timeouts = 3,
                       .resets = 1,
                       .datagrams_dropped = 4})
                .size(),
            4U);
}

}  // namespace
}  // namespace operation
