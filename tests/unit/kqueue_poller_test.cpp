// What a kernel's line of filters makes of small buffers; see model_kqueue.hpp.

#include <gtest/gtest.h>
#include <poll.h>

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "core/poller/backend_info.hpp"
#include "tests/support/descriptors.hpp"
#include "tests/support/poller_assertions.hpp"
#include "tests/unit/model_kqueue.hpp"

namespace polymux {

extern const BackendInfo kqueue_backend;

namespace {

using test::look;

constexpr auto both = Interest::read | Interest::write;
constexpr auto ready_for_both = Ready::readable | Ready::writable;

class KqueuePollerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::error_code error;
    poller_ = kqueue_backend.open(error);
    ASSERT_NE(poller_, nullptr) << error.message();
  }

  /// Registers a pair that is readable and writable under the next token, from 0 on.
  void add(Interest interest, Trigger trigger = Trigger::level) {
    pairs_.push_back(test::socket_pair());
    test::send(pairs_.back().far, "x");
    ASSERT_TRUE(test::is_ready_for(pairs_.back().near, POLLIN));
    const Token token{pairs_.size() - 1};
    ASSERT_TRUE(test::succeeded(poller_->add(pairs_.back().near.get(), token, interest, trigger)));
  }

  [[nodiscard]] Poller& poller() { return *poller_; }
  [[nodiscard]] const test::Pair& pair(std::size_t index) const { return pairs_[index]; }

 private:
  std::unique_ptr<Poller> poller_;
  std::vector<test::Pair> pairs_;
};

TEST_F(KqueuePollerTest, TwoFiltersTakeOnePlace) {
  add(both);
  add(both, Trigger::oneshot);
  add(Interest::read, Trigger::edge);

  const auto waited = look(poller(), 3);

  EXPECT_EQ(waited.events, (std::vector<Event>{{Token{0}, ready_for_both},
                                               {Token{1}, ready_for_both},
                                               {Token{2}, Ready::readable}}));
}

TEST_F(KqueuePollerTest, WhatIsReadyBothWaysHasOneTurn) {
  for (int index = 0; index < 10; ++index) add(both);

  for (const std::size_t room : {1U, 3U, 1U, 7U}) {
    std::map<Token, int> counts;
    for (std::size_t places = 0; places < 10; places += room) {
      const auto waited = look(poller(), room);
      EXPECT_EQ(waited.events.size(), room);
      for (const auto& event : waited.events) ++counts[event.token];
    }
    EXPECT_EQ(counts.size(), 10U) << "reported with room for " << room;
  }
}

TEST_F(KqueuePollerTest, FilterThatWasPassedOverIsToldWhereThereIsRoom) {
  add(both);
  // The writer's filter stays at the head of the line, to be passed over.
  ASSERT_EQ(look(poller(), 1).ready(Token{0}), Ready::readable);
  test::drain(pair(0).near);

  EXPECT_EQ(look(poller(), 1).ready(Token{0}), Ready::writable);
  EXPECT_EQ(look(poller(), 1).ready(Token{0}), Ready::writable);
}

TEST_F(KqueuePollerTest, EdgesThatFoundNoRoomAreToldOnce) {
  for (int index = 0; index < 5; ++index) add(both, Trigger::edge);

  std::map<Token, Ready> told;
  for (int round = 0; round < 10; ++round) {
    for (const auto& event : look(poller(), 1).events) {
      EXPECT_EQ(told[event.token] & event.ready, Ready::none) << "told twice";
      told[event.token] |= event.ready;
    }
  }

  EXPECT_EQ(told.size(), 5U);
  for (const auto& [token, ready] : told) EXPECT_EQ(ready, ready_for_both);
  EXPECT_TRUE(look(poller()).events.empty());
}

TEST_F(KqueuePollerTest, OneshotsThatFoundNoRoomAreToldOnce) {
  for (int index = 0; index < 5; ++index) add(both, Trigger::oneshot);

  std::map<Token, int> counts;
  for (int round = 0; round < 5; ++round) {
    for (const auto& event : look(poller(), 1).events) ++counts[event.token];
  }

  EXPECT_EQ(counts.size(), 5U);
  EXPECT_TRUE(look(poller()).events.empty());
}

TEST_F(KqueuePollerTest, WakeTakesNoPlace) {
  // With a handle out, every wake is shown to the kernel.
  ASSERT_TRUE(poller().pollable_handle().has_value());
  add(both);
  add(Interest::read);
  poller().wake();

  const auto waited = look(poller(), 2);

  EXPECT_TRUE(waited.result.woken);
  EXPECT_EQ(waited.events.size(), 2U);
}

TEST_F(KqueuePollerTest, KernelIsAskedOnceWhereAllFits) {
  for (int index = 0; index < 10; ++index) add(both);
  const int before = test::kqueue_waits();

  EXPECT_EQ(look(poller(), 64).events.size(), 10U);

  EXPECT_EQ(test::kqueue_waits() - before, 1);
}

}  // namespace
}  // namespace polymux
