#include "backends/select/descriptor_sets.hpp"

#include <gtest/gtest.h>

namespace polymux {
namespace {

TEST(DescriptorSets, BitsAreWhereFdSetHasThem) {
  DescriptorSets sets;
  sets.reserve(FD_SETSIZE - 1);

  for (const int fd : {0, 1, 63, 64, 1000, FD_SETSIZE - 1}) {
    sets.set(fd, {.read = true});
    EXPECT_TRUE(FD_ISSET(fd, sets.read())) << fd;
    EXPECT_FALSE(FD_ISSET(fd, sets.write())) << fd;
    EXPECT_FALSE(FD_ISSET(fd, sets.except())) << fd;
  }
}

TEST(DescriptorSets, GrowPastFdSetsizeAndKeepWhatTheyHave) {
  DescriptorSets sets;
  sets.reserve(3);
  sets.set(3, {.write = true});

  sets.reserve(100'000);
  sets.set(100'000, {.read = true, .except = true});

  EXPECT_TRUE(sets.get(3).write);
  EXPECT_TRUE(sets.get(100'000).read);
  EXPECT_TRUE(sets.get(100'000).except);
  EXPECT_FALSE(sets.get(100'000).write);
  EXPECT_FALSE(sets.get(99'999).read);
}

TEST(DescriptorSets, SettingReplacesAllThreeBits) {
  DescriptorSets sets;
  sets.reserve(7);
  sets.set(7, {.read = true, .write = true, .except = true});

  sets.set(7, {.write = true});

  const auto bits = sets.get(7);
  EXPECT_FALSE(bits.read);
  EXPECT_TRUE(bits.write);
  EXPECT_FALSE(bits.except);
}

TEST(DescriptorSets, CopyTakesAsManyWordsAsAsked) {
  DescriptorSets from;
  DescriptorSets to;
  from.reserve(100);
  to.reserve(100);
  from.set(5, {.read = true});
  from.set(70, {.read = true});

  to.copy(from, 1);

  EXPECT_TRUE(to.get(5).read);
  EXPECT_FALSE(to.get(70).read);
}

}  // namespace
}  // namespace polymux
