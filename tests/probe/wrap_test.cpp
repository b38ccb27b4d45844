#include "apps/polymux/probe/wrap.hpp"

#include <gtest/gtest.h>

namespace probe {
namespace {

using Lines = std::vector<std::string>;
using Widths = std::vector<std::size_t>;

TEST(Wrap, WhatFitsIsOneLine) {
  EXPECT_EQ(wrap("IN|OUT", 6), Lines{"IN|OUT"});
  EXPECT_EQ(wrap("", 6), Lines{""});
}

TEST(Wrap, BreaksAfterSeparators) {
  EXPECT_EQ(wrap("IN|OUT|RDHUP|HUP", 8), (Lines{"IN|OUT|", "RDHUP|", "HUP"}));
  EXPECT_EQ(wrap("read,write", 5), (Lines{"read,", "write"}));
}

TEST(Wrap, BreaksAtSpacesWithoutKeepingThem) {
  EXPECT_EQ(wrap("refused: EPERM", 8), (Lines{"refused:", "EPERM"}));
  EXPECT_EQ(wrap("IN, then IN", 7), (Lines{"IN,", "then IN"}));
  EXPECT_EQ(wrap("IN, then IN", 8), (Lines{"IN, then", "IN"}));
}

TEST(Wrap, CutsAWordThatIsTooLong) {
  EXPECT_EQ(wrap("ECONNREFUSED", 8), (Lines{"ECONNREF", "USED"}));
  EXPECT_EQ(wrap("abc", 0), (Lines{"a", "b", "c"}));
}

TEST(Wrap, NoLineIsLongerThanAllowed) {
  const std::string text = "IN|OUT|RDHUP|HUP|ERR, then IN|OUT|RDHUP, then ECONNREFUSED";
  for (std::size_t width = 1; width <= text.size() + 1; ++width) {
    for (const auto& line : wrap(text, width)) EXPECT_LE(line.size(), width) << line;
  }
}

TEST(Padded, FillsWithSpacesAndCutsNothing) {
  EXPECT_EQ(padded("ab", 4), "ab  ");
  EXPECT_EQ(padded("abcde", 4), "abcde");
}

TEST(Fit, KeepsWhatFits) {
  EXPECT_EQ(fit({10, 20}, 30), (Widths{10, 20}));
  EXPECT_EQ(fit({10, 20}, 0), (Widths{10, 20}));
  EXPECT_EQ(fit({}, 10), Widths{});
}

TEST(Fit, NarrowsTheWidestFirst) {
  EXPECT_EQ(fit({9, 30, 12}, 33), (Widths{9, 12, 12}));
  EXPECT_EQ(fit({10, 20}, 20), (Widths{10, 10}));
}

TEST(Fit, LeavesRoomForAWord) {
  EXPECT_EQ(fit({20, 20, 3}, 1), (Widths{8, 8, 3}));
}

}  // namespace
}  // namespace probe
