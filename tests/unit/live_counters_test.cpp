#include "core/service/live_counters.hpp"

#include <gtest/gtest.h>

#include <array>

namespace polymux {
namespace {

TEST(LiveCounters, AreAddedOverAllRows) {
  std::array<LiveCounters, 2> rows;
  ++rows[0].accepted;
  rows[0].bytes_in += 5;
  rows[1].bytes_in += 7;
  ++rows[1].resets;

  const auto sum = sum_of(rows);

  EXPECT_EQ(sum.accepted, 1U);
  EXPECT_EQ(sum.bytes_in, 12U);
  EXPECT_EQ(sum.resets, 1U);
}

TEST(CounterTable, RowsShareThePlaces) {
  std::array<LiveCounters, 2> rows;
  const CounterTable first(rows, 0);
  const CounterTable second(rows, 1);

  EXPECT_TRUE(first.take_seat(3));
  EXPECT_TRUE(second.take_seat(3));
  EXPECT_TRUE(first.take_seat(3));
  EXPECT_FALSE(first.take_seat(3));
  EXPECT_FALSE(second.take_seat(3));
  first.leave_seat();
  EXPECT_TRUE(second.take_seat(3));

  EXPECT_EQ(sum_of(rows).active, 3U);
  EXPECT_EQ(sum_of(rows).refused_limit, 2U);
}

TEST(CounterTable, ZeroPlacesAreNoLimit) {
  LiveCounters row;

  EXPECT_TRUE(CounterTable({&row, 1}).take_seat(0));

  EXPECT_EQ(row.read().active, 1U);
}

}  // namespace
}  // namespace polymux
