#include "apps/polymux/load/size_range.hpp"

#include <gtest/gtest.h>

#include <set>

namespace load {
namespace {

TEST(SizeRange, NumbersUnitsAndRanges) {
  EXPECT_EQ(parse_size_range("1"), (SizeRange{1, 1}));
  EXPECT_EQ(parse_size_range("64"), (SizeRange{64, 64}));
  EXPECT_EQ(parse_size_range("16k"), (SizeRange{16'384, 16'384}));
  EXPECT_EQ(parse_size_range("3M"), (SizeRange{3'145'728, 3'145'728}));
  EXPECT_EQ(parse_size_range("1g"), (SizeRange{1'073'741'824, 1'073'741'824}));
  EXPECT_EQ(parse_size_range("1-65536"), (SizeRange{1, 65'536}));
  EXPECT_EQ(parse_size_range("512-1m"), (SizeRange{512, 1'048'576}));
  EXPECT_EQ(parse_size_range("5-5"), (SizeRange{5, 5}));
}

TEST(SizeRange, WhatIsNoneIsRefused) {
  for (const char* text : {"",
                           "0",
                           "-1",
                           "1-",
                           "-",
                           "0-5",
                           "5-4",
                           "k",
                           "1kk",
                           "1x",
                           "1.5k",
                           " 1",
                           "1 ",
                           "0x10",
                           "1-2-3",
                           "2g",
                           "1g1",
                           "1073741825",
                           "99999999999999999999",
                           "1048577k",
                           "+1",
                           "1,000"}) {
    EXPECT_EQ(parse_size_range(text), std::nullopt) << "'" << text << "'";
  }
}

TEST(SizeRange, IsWrittenAsItIsRead) {
  for (const char* text : {"64", "16k", "1-64k", "3m", "1g", "1025", "7-9"}) {
    EXPECT_EQ(to_string(*parse_size_range(text)), text);
  }
}

TEST(SizeRange, DrawsEverySizeAndNoOther) {
  Random random(1);
  std::set<std::uint64_t> drawn;
  for (int count = 0; count < 1000; ++count) drawn.insert(SizeRange{3, 7}.draw(random));

  EXPECT_EQ(drawn, (std::set<std::uint64_t>{3, 4, 5, 6, 7}));
}

}  // namespace
}  // namespace load
