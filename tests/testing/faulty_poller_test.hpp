#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <polymux/poller/registry.hpp>
#include <polymux/testing/faulty_poller.hpp>

#include "tests/support/descriptors.hpp"
#include "tests/support/poller_assertions.hpp"

namespace polymux::testing {

inline constexpr auto always = Frequency::every(1);
inline constexpr auto both = Interest::read | Interest::write;
inline constexpr Token first{1};
inline constexpr Token second{2};

/// Every fault on every backend: the wrapped poller has its part in most of them.
class FaultyPollerTest : public ::testing::TestWithParam<std::string> {
 protected:
  void open(const FaultPlan& plan) {
    auto opened = open_poller(GetParam());
    ASSERT_TRUE(opened) << opened.message;
    poller_ = std::make_unique<FaultyPoller>(std::move(opened.poller), plan);
  }

  [[nodiscard]] FaultyPoller& poller() { return *poller_; }
  [[nodiscard]] const FaultCounters& counters() { return poller_->counters(); }
  void add(const test::Fd& fd, Token token, Interest interest, Trigger trigger = Trigger::level) {
    EXPECT_TRUE(test::succeeded(poller().add(fd.get(), token, interest, trigger)));
  }
  void modify(const test::Fd& fd, Token token, Interest interest,
              Trigger trigger = Trigger::level) {
    EXPECT_TRUE(test::succeeded(poller().modify(fd.get(), token, interest, trigger)));
  }

  /// The triggers that the backend has.
  [[nodiscard]] std::vector<Trigger> triggers() {
    std::vector all{Trigger::level, Trigger::oneshot};
    if (poller().capabilities().edge) all.push_back(Trigger::edge);
    return all;
  }

  /// Registered for reading, and ready.
  [[nodiscard]] test::Pair add_ready(Trigger trigger) {
    auto pair = test::socket_pair();
    add(pair.near, first, Interest::read, trigger);
    test::send(pair.far, "x");
    return pair;
  }

  /// Registered for writing under tokens from zero on, and ready.
  [[nodiscard]] std::vector<test::Pair> add_writable(std::uint64_t count) {
    std::vector<test::Pair> pairs;
    for (std::uint64_t index = 0; index < count; ++index) {
      pairs.push_back(test::socket_pair());
      add(pairs.back().near, Token{index}, Interest::write);
    }
    return pairs;
  }

  /// Does the same to a registration that is ready, with one trigger after the other.
  template <class Body>
  void with_each_trigger(Body body) {
    for (const auto trigger : triggers()) {
      SCOPED_TRACE(to_string(trigger));
      const auto pair = add_ready(trigger);
      body(pair);
      EXPECT_TRUE(test::succeeded(poller().remove(pair.near.get())));
    }
  }

 private:
  std::unique_ptr<FaultyPoller> poller_;
};

}  // namespace polymux::testing
