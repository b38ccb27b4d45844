// The plan as a whole: its seed, its replacement, its report.

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/testing/faulty_poller_test.hpp"

namespace polymux::testing {
namespace {

using namespace std::chrono_literals;
using test::expect_silence;
using test::look;

std::vector<std::string> backends() {
  std::vector<std::string> names;
  for (const auto& status : available_backends()) {
    if (status.is_available()) names.emplace_back(status.name);
  }
  return names;
}

std::string name_of(const ::testing::TestParamInfo<std::string>& info) {
  return info.param;
}
INSTANTIATE_TEST_SUITE_P(Every, FaultyPollerTest, ::testing::ValuesIn(backends()), name_of);

/// What a poller says while a fixed play is performed before it.
class Play {
 public:
  explicit Play(std::string backend) : backend_(std::move(backend)) {}

  [[nodiscard]] std::string perform(const FaultPlan& plan) const {
    FaultyPoller poller(open_poller(backend_).poller, plan);
    std::vector<test::Pair> pairs;
    for (std::uint64_t index = 0; index < 6; ++index) {
      pairs.push_back(test::socket_pair());
      const auto trigger = index % 2 == 0 ? Trigger::level : Trigger::oneshot;
      EXPECT_FALSE(poller.add(pairs.back().near.get(), Token{index}, both, trigger));
    }
    std::string said;
    for (std::size_t round = 0; round < 60; ++round) {
      const auto& [near, far] = pairs[round % pairs.size()];
      test::send(far, "x");
      const auto token = Token{round % pairs.size()};
      static_cast<void>(poller.modify(near.get(), token, Interest::read, Trigger::oneshot));
      said += transcript(look(poller));
    }
    return said + to_string(poller.counters());
  }

 private:
  static std::string transcript(const test::Waited& waited) {
    std::string text = waited.result.woken ? "woken " : "";
    for (const auto& event : waited.events) text += to_string(event);
    return text + "\n";
  }

  std::string backend_;
};

TEST_P(FaultyPollerTest, SameSeedGivesTheSameFaults) {
  const Play play(GetParam());
  std::set<std::string> different;

  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    const auto said = play.perform(mixed_faults(seed));
    EXPECT_EQ(play.perform(mixed_faults(seed)), said) << "seed " << seed;
    different.insert(said);
  }

  EXPECT_EQ(different.size(), 8U);
}

TEST_P(FaultyPollerTest, NewPlanReplacesTheOldOne) {
  open({.seed = 5, .spurious = always});
  auto [near, far] = test::socket_pair();
  add(near, first, Interest::read);
  EXPECT_EQ(look(poller()).events.size(), 1U);

  poller().set_plan({.seed = 6});

  expect_silence(poller(), 20ms);
  EXPECT_EQ(poller().seed(), 6U);
  EXPECT_EQ(counters().spurious, 1U);
}

TEST_P(FaultyPollerTest, ReportNamesTheSeed) {
  open({.seed = 42, .spurious = always});
  auto [near, far] = test::socket_pair();
  add(near, first, Interest::read);
  EXPECT_EQ(look(poller()).events.size(), 1U);

  EXPECT_EQ(poller().report(), "seed 42: 1 spurious in 1 waits");
}

}  // namespace
}  // namespace polymux::testing
