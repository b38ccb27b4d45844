#include <poll.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "tests/conformance/conformance_test.hpp"

namespace polymux::test {
namespace {

class FairRules : public ConformanceTest {
 protected:
  /// Registers pairs that are ready for writing, and stay so.
  void add_ready(std::uint64_t count) {
    for (std::uint64_t index = 0; index < count; ++index) {
      pairs_.push_back(socket_pair());
      add(pairs_.back().near, Token{index}, Interest::write);
    }
  }

  /// Registers connections that are readable and writable, and stay so.
  void add_ready_both_ways(std::uint64_t count) {
    for (std::uint64_t index = 0; index < count; ++index) {
      pairs_.push_back(connected_pair());
      send(pairs_.back().far, "x");
      ASSERT_TRUE(is_ready_for(pairs_.back().near, POLLIN));
      add(pairs_.back().near, Token{index}, Interest::read | Interest::write);
    }
  }

  /// How often each token is reported in so many waits.
  std::map<Token, int> reports(int waits, std::size_t room) {
    std::map<Token, int> counts;
    for (int round = 0; round < waits; ++round) {
      const auto waited = look(poller(), room);
      EXPECT_EQ(waited.events.size(), std::min(room, pairs_.size())) << "wait " << round;
      for (const auto& event : waited.events) ++counts[event.token];
    }
    return counts;
  }

  std::vector<Pair> pairs_;
};
POLYMUX_FOR_EVERY_SUBJECT(FairRules);

TEST_P(FairRules, Fair1WhatDidNotFitComesBeforeWhatWasReported) {
  add_ready(10);

  EXPECT_EQ(reports(4, 3).size(), 10U) << "descriptors reported in 4 waits with room for 3";
}

TEST_P(FairRules, Fair1RoomForOneReachesEveryone) {
  add_ready(10);

  const auto counts = reports(30, 1);

  EXPECT_EQ(counts.size(), 10U);
  for (const auto& [token, count] : counts) {
    EXPECT_EQ(count, 3) << "token " << static_cast<std::uint64_t>(token) << " in 30 waits";
  }
}

TEST_P(FairRules, Fair1ReadyBothWaysIsOneTurn) {
  constexpr std::size_t many = 10;
  add_ready_both_ways(many);

  for (const std::size_t room : {1U, 3U, 1U}) {
    std::map<Token, int> counts;
    for (std::size_t places = 0; places < many; places += room) {
      for (const auto& event : look(poller(), room).events) ++counts[event.token];
    }
    EXPECT_EQ(counts.size(), many) << "descriptors reported with room for " << room;
  }
}

TEST_P(FairRules, Fair2RegistrationsThatComeAndGoStarveNobody) {
  // Each descriptor that is served is replaced, as a server's connections are.
  constexpr std::uint64_t many = 6;
  add_ready(many);
  std::vector<int> silent_for(many, 0);
  for (int round = 0; round < 60; ++round) {
    const auto waited = look(poller(), 1);
    ASSERT_EQ(waited.events.size(), 1U);
    const auto served = static_cast<std::size_t>(waited.events.front().token);
    for (auto& waits : silent_for) ++waits;
    silent_for[served] = 0;
    for (std::size_t index = 0; index < many; ++index) {
      ASSERT_LE(silent_for[index], 3 * static_cast<int>(many)) << "token " << index << " starves";
    }

    EXPECT_TRUE(succeeded(poller().remove(pairs_[served].near.get())));
    pairs_[served] = socket_pair();
    add(pairs_[served].near, waited.events.front().token, Interest::write);
  }
}

TEST_P(FairRules, Fair3AllIsReportedAtOnceWhereThereIsRoom) {
  add_ready(300);

  EXPECT_EQ(look(poller(), 300).events.size(), 300U);
  EXPECT_EQ(look(poller(), 1000).events.size(), 300U);
  EXPECT_EQ(reports(5, 64).size(), 300U) << "in 5 waits with room for 64";
}

TEST_P(FairRules, Fair3TwoDirectionsTakeOnePlace) {
  constexpr std::uint64_t many = 10;
  add_ready_both_ways(many);

  for (int round = 0; round < 3; ++round) {
    const auto waited = look(poller(), many);
    for (std::uint64_t index = 0; index < many; ++index) {
      EXPECT_EQ(waited.count(Token{index}), 1U) << "token " << index << " in wait " << round;
    }
  }
}

TEST_P(FairRules, Fair3AThousandAreReportedAtOnce) {
  allow_cpu(std::chrono::milliseconds(150));
  if (!allow_descriptor(1400)) GTEST_SKIP() << "RLIMIT_NOFILE is below 1400";
  const auto pair = socket_pair();
  std::vector<Fd> copies;
  const auto add_copies = [&](std::size_t total) {
    while (copies.size() < total) {
      copies.push_back(duplicate(pair.near));
      add(copies.back(), Token{copies.size()}, Interest::write);
    }
  };
  const auto note = [this](std::map<Token, int>& counts, std::size_t room) {
    const auto waited = look(poller(), room);
    for (const auto& event : waited.events) ++counts[event.token];
    return waited.events.size();
  };

  add_copies(1024);
  std::map<Token, int> exact;
  EXPECT_EQ(note(exact, 1024), 1024U);
  EXPECT_EQ(exact.size(), 1024U);

  add_copies(1100);
  std::map<Token, int> beyond;
  EXPECT_GE(note(beyond, 4096), 1024U);
  note(beyond, 4096);
  EXPECT_EQ(beyond.size(), 1100U) << "in two waits";
}

}  // namespace
}  // namespace polymux::test

POLYMUX_SUITE_PART(fair_rules)
