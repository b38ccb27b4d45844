#include "apps/polymux/operation/unix_mode.hpp"

#include <gtest/gtest.h>

namespace operation {
namespace {

TEST(UnixMode, OctalDigitsAreRead) {
  EXPECT_EQ(parse_mode("660"), 0660U);
  EXPECT_EQ(parse_mode("0660"), 0660U);
  EXPECT_EQ(parse_mode("000"), 0U);
  EXPECT_EQ(parse_mode("0777"), 0777U);
}

TEST(UnixMode, WhatIsNoModeIsRefused) {
  for (const char* const text :
       {"", "6", "66", "06600", "1777", "0o66", "680", "-660", "+660", " 660", "660 ", "rw-"}) {
    EXPECT_FALSE(parse_mode(text)) << text;
  }
}

}  // namespace
}  // namespace operation
