#include <gtest/gtest.h>

#include <algorithm>

#include "apps/polymux/probe/choose.hpp"

namespace probe {
namespace {

std::string refusal_of(const Names& names) {
  try {
    static_cast<void>(choose(names));
  } catch (const UnknownName& unknown) {
    return unknown.what();
  }
  return "";
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(Choose, NoNameMeansEverything) {
  const auto choice = choose({});

  EXPECT_EQ(choice.kinds.size(), all_kinds().size());
  EXPECT_EQ(choice.situations.size(), all_situations().size());
  EXPECT_EQ(choice.multiplexers.size(), all_multiplexers().size());
  EXPECT_EQ(choice.interests.size(), 3U);
}

TEST(Choose, NamesComeInTheOrderOfTheTablesAndOnce) {
  const auto choice = choose({.kinds = {"tcp", "file", "tcp"}});

  ASSERT_EQ(choice.kinds.size(), 2U);
  EXPECT_EQ(choice.kinds[0]->name, "file");
  EXPECT_EQ(choice.kinds[1]->name, "tcp");
}

TEST(Choose, UnknownNamesListTheValidOnes) {
  EXPECT_TRUE(contains(refusal_of({.kinds = {"socket"}}), "'socket' is no kind; there are file, "));
  EXPECT_TRUE(contains(refusal_of({.situations = {"x"}}), "'x' is no situation; there are idle, "));
  EXPECT_TRUE(contains(refusal_of({.multiplexers = {""}}), "'' is no multiplexer; there are sele"));
  EXPECT_EQ(refusal_of({.interests = {"All"}}), "'All' is no interest; there are all, read, none");
}

TEST(Choose, MultiplexerOfAnotherSystemIsAName) {
  EXPECT_EQ(refusal_of({.multiplexers = {"kqueue"}}), "");
  EXPECT_EQ(refusal_of({.multiplexers = {"epoll"}}), "");
}

TEST(Choose, SituationLeavesOutKindsThatCannotBeInIt) {
  const auto choice = choose({.situations = {"data-reset"}});

  ASSERT_EQ(choice.kinds.size(), 1U);
  EXPECT_EQ(choice.kinds[0]->name, "tcp");
}

TEST(Choose, KindAndSituationThatDoNotMeetAreRefused) {
  EXPECT_EQ(refusal_of({.kinds = {"null"}, .situations = {"reset"}}),
            "no kind that was named can be 'reset'; null can be: idle");
  EXPECT_EQ(refusal_of({.kinds = {"null", "tcp"}, .situations = {"reset"}}), "");
}

TEST(Choose, ListHasEveryName) {
  const auto list = list_of_names();

  for (const auto& kind : all_kinds()) {
    EXPECT_TRUE(contains(list, "\n  " + std::string(kind.name) + " ")) << kind.name;
  }
  for (const auto& one : all_multiplexers()) {
    EXPECT_TRUE(contains(list, "\n  " + std::string(one.name) + " ")) << one.name;
  }
  for (const auto& situation : all_situations()) {
    EXPECT_TRUE(contains(list, "\n  " + std::string(situation.name) + " ")) << situation.name;
  }
}

}  // namespace
}  // namespace probe
