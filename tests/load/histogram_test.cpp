#include "apps/polymux/load/histogram.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "apps/polymux/load/random.hpp"

namespace load {
namespace {

// By the definition of a percentile, from all of the values, in whole numbers.
std::uint64_t exact_percentile(std::vector<std::uint64_t> values, std::uint64_t hundredths) {
  std::ranges::sort(values);
  const auto rank = (hundredths * values.size() + 9'999) / 10'000;
  return values[static_cast<std::size_t>(rank - 1)];
}

void expect_close(std::uint64_t actual, std::uint64_t exact) {
  EXPECT_GE(actual, exact);
  EXPECT_LE(static_cast<double>(actual), static_cast<double>(exact) * 1.001);
}

TEST(Histogram, EmptyHasNoValues) {
  const Histogram histogram;

  EXPECT_TRUE(histogram.is_empty());
  EXPECT_EQ(histogram.min(), 0U);
  EXPECT_EQ(histogram.max(), 0U);
  EXPECT_EQ(histogram.mean(), 0);
  EXPECT_EQ(histogram.value_at(99), 0U);
}

TEST(Histogram, SmallValuesAreExact) {
  Histogram histogram;
  for (std::uint64_t value = 1; value <= 1000; ++value) histogram.record(value);

  EXPECT_EQ(histogram.value_at(50), 500U);
  EXPECT_EQ(histogram.value_at(90), 900U);
  EXPECT_EQ(histogram.value_at(99.9), 999U);
  EXPECT_EQ(histogram.value_at(100), 1000U);
  EXPECT_EQ(histogram.value_at(0), 1U);
  EXPECT_EQ(histogram.mean(), 500.5);
}

TEST(Histogram, EveryBucketBeginsAfterTheOneBefore) {
  for (std::uint64_t index = 1; index <= bucket::index_of(Histogram::greatest); ++index) {
    const auto first = bucket::last_of(index - 1) + 1;
    ASSERT_EQ(bucket::index_of(first), index);
    ASSERT_EQ(bucket::index_of(bucket::last_of(index)), index);
    const auto width = bucket::last_of(index) - first + 1;
    ASSERT_TRUE(width == 1 || width * 1000 <= first) << first << " has a bucket of " << width;
  }
}

TEST(Histogram, ThreeDigitsOfAnyPercentileAreRight) {
  Histogram histogram;
  std::vector<std::uint64_t> values;
  Random random(7);
  for (int count = 0; count < 20'000; ++count) {
    // As many of each power of two.
    values.push_back(random.next() >> (24 + random.below(40)));
    histogram.record(values.back());
  }

  for (const std::uint64_t hundredths :
       {1U, 10U, 100U, 5'000U, 9'000U, 9'900U, 9'990U, 9'999U, 10'000U}) {
    expect_close(histogram.value_at(static_cast<double>(hundredths) / 100),
                 exact_percentile(values, hundredths));
  }
  EXPECT_EQ(histogram.max(), *std::ranges::max_element(values));
  EXPECT_EQ(histogram.min(), *std::ranges::min_element(values));
}

TEST(Histogram, NoPercentileIsGreaterThanTheGreatestValue) {
  Histogram histogram;
  histogram.record(1'000'003);

  EXPECT_EQ(histogram.value_at(50), 1'000'003U);
}

TEST(Histogram, WhatIsTooGreatIsCountedAndItsMaximumKnown) {
  Histogram histogram;
  histogram.record(10);
  histogram.record(std::uint64_t{1} << 60);

  EXPECT_EQ(histogram.count(), 2U);
  EXPECT_EQ(histogram.value_at(50), 10U);
  EXPECT_EQ(histogram.value_at(100), std::uint64_t{1} << 60);
  EXPECT_EQ(histogram.max(), std::uint64_t{1} << 60);
}

TEST(Histogram, MergedIsAsIfOneHadRecordedAll) {
  Histogram one;
  Histogram other;
  Histogram both;
  Random random(3);
  for (int count = 0; count < 5'000; ++count) {
    const auto value = random.below(std::uint64_t{1} << 34);
    (count % 3 == 0 ? one : other).record(value);
    both.record(value);
  }

  one.merge(other);

  EXPECT_EQ(one.count(), both.count());
  EXPECT_EQ(one.min(), both.min());
  EXPECT_EQ(one.max(), both.max());
  EXPECT_NEAR(one.mean(), both.mean(), 1e-6 * both.mean());
  for (const double percent : {1.0, 50.0, 99.0, 99.9}) {
    EXPECT_EQ(one.value_at(percent), both.value_at(percent));
  }
}

TEST(Histogram, MergingAnEmptyOneChangesNothing) {
  Histogram histogram;
  histogram.record(5);

  histogram.merge(Histogram());

  EXPECT_EQ(histogram.count(), 1U);
  EXPECT_EQ(histogram.min(), 5U);
  EXPECT_EQ(histogram.max(), 5U);
}

}  // namespace
}  // namespace load
