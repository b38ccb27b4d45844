#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "apps/polymux/probe/kind.hpp"
#include "apps/polymux/probe/multiplexer.hpp"

namespace probe {
namespace {

bool is_a_name(std::string_view name) {
  return !name.empty() && name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_-") == name.npos;
}

TEST(Kinds, HaveNamesOfTheirOwnAndASummary) {
  std::set<std::string_view> names;
  for (const auto& kind : all_kinds()) {
    EXPECT_TRUE(is_a_name(kind.name)) << kind.name;
    EXPECT_TRUE(names.insert(kind.name).second) << kind.name;
    EXPECT_FALSE(kind.summary.empty()) << kind.name;
  }
}

TEST(Kinds, HaveCasesOrAReason) {
  for (const auto& kind : all_kinds()) EXPECT_NE(kind.cases().empty(), kind.is_available());
}

TEST(Kinds, AreInSituationsThatHaveAMeaningAndInEachOnce) {
  for (const auto& kind : all_kinds()) {
    std::set<std::string_view> names;
    for (const auto& one : kind.cases()) {
      EXPECT_FALSE(meaning_of(one.situation).empty()) << kind.name << " " << one.situation;
      EXPECT_TRUE(names.insert(one.situation).second) << kind.name << " " << one.situation;
    }
  }
}

TEST(Situations, HaveNamesOfTheirOwn) {
  std::set<std::string_view> names;
  for (const auto& situation : all_situations()) {
    EXPECT_TRUE(is_a_name(situation.name)) << situation.name;
    EXPECT_TRUE(names.insert(situation.name).second) << situation.name;
  }
  EXPECT_EQ(meaning_of("no-such-situation"), "");
}

TEST(Multiplexers, HaveNamesOfTheirOwnAndAnOpeningOrAReason) {
  std::set<std::string_view> names;
  for (const auto& one : all_multiplexers()) {
    EXPECT_TRUE(is_a_name(one.name)) << one.name;
    EXPECT_TRUE(names.insert(one.name).second) << one.name;
    EXPECT_EQ(one.opening->open != nullptr, one.is_available()) << one.name;
    EXPECT_EQ(one.interests.front(), Interest::all) << one.name;
  }
}

TEST(Multiplexers, SelectAndPollAreEverywhere) {
  for (const auto& one : all_multiplexers()) {
    const bool is_old = one.name == "select" || one.name == "poll";
    EXPECT_TRUE(one.is_available() || !is_old) << one.name;
  }
}

}  // namespace
}  // namespace probe
