#include "apps/polymux/load/units.hpp"

#include <gtest/gtest.h>

namespace load {
namespace {

TEST(Units, Commas) {
  EXPECT_EQ(with_commas(0), "0");
  EXPECT_EQ(with_commas(999), "999");
  EXPECT_EQ(with_commas(1000), "1,000");
  EXPECT_EQ(with_commas(123'456), "123,456");
  EXPECT_EQ(with_commas(1'234'567), "1,234,567");
}

TEST(Units, Times) {
  EXPECT_EQ(describe_nanoseconds(0), "0 ns");
  EXPECT_EQ(describe_nanoseconds(999), "999 ns");
  EXPECT_EQ(describe_nanoseconds(1000), "1.00 us");
  EXPECT_EQ(describe_nanoseconds(12'340), "12.3 us");
  EXPECT_EQ(describe_nanoseconds(999'400), "999 us");
  EXPECT_EQ(describe_nanoseconds(999'600), "1.00 ms");
  EXPECT_EQ(describe_nanoseconds(9'996'000), "10.0 ms");
  EXPECT_EQ(describe_nanoseconds(1'500'000'000), "1.50 s");
  EXPECT_EQ(describe_nanoseconds(3'600'000'000'000), "3600 s");
}

TEST(Units, Bytes) {
  EXPECT_EQ(describe_bytes(0), "0 B");
  EXPECT_EQ(describe_bytes(1023), "1023 B");
  EXPECT_EQ(describe_bytes(1024), "1.00 KiB");
  EXPECT_EQ(describe_bytes(1024.0 * 1024 * 12.5), "12.5 MiB");
}

}  // namespace
}  // namespace load
