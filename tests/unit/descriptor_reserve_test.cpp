#include "core/service/descriptor_reserve.hpp"

#include <gtest/gtest.h>

#include "socket_fixture.hpp"

namespace polymux {
namespace {

TEST(DescriptorReserve, GivesUpOneNumberAndTakesItBack) {
  DescriptorReserve reserve;
  const DescriptorLimit limit(next_number());
  EXPECT_FALSE(UniqueFd(::dup(0)));

  reserve.give_up();
  EXPECT_TRUE(UniqueFd(::dup(0)));
  EXPECT_TRUE(reserve.fill());

  EXPECT_FALSE(UniqueFd(::dup(0)));
}

TEST(DescriptorReserve, SaysWhenItCannotBeFilled) {
  DescriptorReserve reserve;
  reserve.give_up();
  {
    const DescriptorLimit limit(next_number());
    EXPECT_FALSE(reserve.fill());
  }

  EXPECT_TRUE(reserve.fill());
  EXPECT_TRUE(reserve.fill());
}

}  // namespace
}  // namespace polymux
