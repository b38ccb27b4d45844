#include <polymux/poller/event.hpp>

#include <gtest/gtest.h>

namespace polymux {
namespace {

TEST(Flags, ContainsWantsEveryFlagAndAtLeastOne) {
  constexpr auto both = Interest::read | Interest::write;

  EXPECT_TRUE(contains(both, Interest::read));
  EXPECT_TRUE(contains(both, both));
  EXPECT_FALSE(contains(Interest::read, both));
  EXPECT_FALSE(contains(both, Interest::none));
}

TEST(Event, FlagsAreNamedInOrder) {
  EXPECT_EQ(to_string(Interest::none), "none");
  EXPECT_EQ(to_string(Interest::read | Interest::write | Interest::priority),
            "read|write|priority");
  EXPECT_EQ(to_string(Ready::none), "none");
  EXPECT_EQ(to_string(Ready::readable | Ready::writable | Ready::priority | Ready::read_closed |
                      Ready::hangup | Ready::error | Ready::invalid),
            "readable|writable|priority|read_closed|hangup|error|invalid");
}

TEST(Event, UnknownFlagsAreShownAsNumbers) {
  EXPECT_EQ(to_string(static_cast<Interest>(9)), "read|8");
  EXPECT_EQ(to_string(static_cast<Interest>(8)), "8");
  EXPECT_EQ(to_string(static_cast<Trigger>(7)), "7");
}

TEST(Event, TriggersHaveNames) {
  EXPECT_EQ(to_string(Trigger::level), "level");
  EXPECT_EQ(to_string(Trigger::edge), "edge");
  EXPECT_EQ(to_string(Trigger::oneshot), "oneshot");
}

TEST(Event, PrintsTokenAndReadiness) {
  EXPECT_EQ(to_string(Event{Token{42}, Ready::readable}), "{42 readable}");
}

}  // namespace
}  // namespace polymux
