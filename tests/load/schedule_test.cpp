#include "apps/polymux/load/schedule.hpp"

#include <gtest/gtest.h>

namespace load {
namespace {

using namespace std::chrono_literals;

constexpr Instant start{1h};

TEST(Schedule, IsEven) {
  const Schedule schedule(start, 1000, 0, 1);

  EXPECT_EQ(schedule.due(0), start);
  EXPECT_EQ(schedule.due(1), start + 1ms);
  EXPECT_EQ(schedule.due(2500), start + 2500ms);
}

TEST(Schedule, NoErrorOfRoundingGrows) {
  // A third of a second is no whole number of nanoseconds.
  const Schedule schedule(start, 3, 0, 1);

  EXPECT_EQ(schedule.due(1), start + 333'333'333ns);
  EXPECT_EQ(schedule.due(3), start + 1s);
  EXPECT_EQ(schedule.due(3'000'000'000), start + 1'000'000'000s);
}

TEST(Schedule, ThreadsTakeTurns) {
  const Schedule whole(start, 700, 0, 1);
  for (std::uint64_t thread = 0; thread < 3; ++thread) {
    const Schedule part(start, 700, thread, 3);
    for (std::uint64_t index = 0; index < 50; ++index) {
      EXPECT_EQ(part.due(index), whole.due(index * 3 + thread));
    }
  }
}

TEST(Schedule, CountsWhatIsDueBefore) {
  const Schedule schedule(start, 1000, 0, 1);

  EXPECT_EQ(schedule.count_before(start), 0U);
  EXPECT_EQ(schedule.count_before(start + 1ns), 1U);
  EXPECT_EQ(schedule.count_before(start + 1ms), 1U);
  EXPECT_EQ(schedule.count_before(start + 1ms + 1ns), 2U);
  EXPECT_EQ(schedule.count_before(start + 10s), 10'000U);
  EXPECT_EQ(schedule.count_before(start - 1s), 0U);
  EXPECT_EQ(Schedule(start, 1'000'000'000, 0, 1).count_before(start + 1s), 1'000'000'000U);
}

}  // namespace
}  // namespace load
