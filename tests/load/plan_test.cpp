#include "apps/polymux/load/plan.hpp"

#include <gtest/gtest.h>

namespace load {
namespace {

TEST(Split, NothingIsLostOrDoubled) {
  Options options;
  options.threads = 3;
  options.connections = 8;
  options.idle = 4;
  options.requests = 100;

  const auto shares = split(options);

  ASSERT_EQ(shares.size(), 3U);
  std::uint64_t connection = 0;
  std::uint64_t idle = options.connections;
  std::uint64_t requests = 0;
  for (const auto& share : shares) {
    EXPECT_EQ(share.first_connection, connection);
    EXPECT_EQ(share.first_idle, idle);
    EXPECT_GE(share.connections, 2U);
    EXPECT_LE(share.connections, 3U);
    connection += share.connections;
    idle += share.idle;
    requests += share.requests;
  }
  EXPECT_EQ(connection, 8U);
  EXPECT_EQ(idle, 12U);
  EXPECT_EQ(requests, 100U);
}

TEST(Split, NoWorkerIsWithoutAConnection) {
  Options options;
  options.threads = 8;
  options.connections = 3;
  options.idle = 100;

  EXPECT_EQ(split(options).size(), 3U);

  options.connections = 0;
  EXPECT_EQ(split(options).size(), 8U);
}

TEST(Split, WithoutANumberThereIsNoLimit) {
  EXPECT_EQ(split(Options{}).front().requests, Pacer::no_limit);
}

}  // namespace
}  // namespace load
