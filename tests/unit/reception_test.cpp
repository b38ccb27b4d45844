#include "core/models/reception.hpp"

#include "socket_fixture.hpp"

namespace polymux {
namespace {

using Arrival = Reception::Arrival;

class ReceptionTest : public ::testing::Test {
 protected:
  ReceptionTest() { EXPECT_FALSE(ending.open()); }

  void open(const std::vector<std::string>& addresses, std::size_t most = 0) {
    reception.emplace(most, counters, ending);
    const auto result = reception->listen(addresses, bound);
    ASSERT_TRUE(result) << result.message;
  }

  Ending ending;
  ServerCounters counters;
  std::vector<std::string> bound;
  std::optional<Reception> reception;
  UniqueFd client;
};

TEST_F(ReceptionTest, TakesTheClientsOfEachAddress) {
  open({"127.0.0.1:0", "127.0.0.1:0"});
  const auto first = connect_to(bound[0]);
  const auto second = connect_to(bound[1]);

  for (int count = 0; count < 2; ++count) {
    client.reset();
    ASSERT_EQ(reception->next(client), Arrival::client);
    EXPECT_TRUE(client);
  }

  EXPECT_EQ(counters.active, 2U);
}

TEST_F(ReceptionTest, TheEndIsSeenThoughClientsWait) {
  open({"127.0.0.1:0"});
  const auto waiting = connect_to(bound[0]);

  ending.drain.trip();
  EXPECT_EQ(reception->next(client), Arrival::drain);
  ending.stop.trip();
  EXPECT_EQ(reception->next(client), Arrival::stop);
}

TEST_F(ReceptionTest, WhoIsBeyondTheLimitIsClosed) {
  open({"127.0.0.1:0"}, 1);
  const auto first = connect_to(bound[0]);
  ASSERT_EQ(reception->next(client), Arrival::client);
  const auto second = connect_to(bound[0]);

  UniqueFd none;
  EXPECT_FALSE(reception->look_for(none));

  EXPECT_TRUE(is_ended(second.get()));
  EXPECT_EQ(counters.refused_limit, 1U);
}

TEST_F(ReceptionTest, WithoutAFreeDescriptorWhoWaitsIsRefused) {
  open({"127.0.0.1:0"});
  const auto waiting = connect_to(bound[0]);
  {
    const DescriptorLimit limit(next_number());
    EXPECT_FALSE(reception->look_for(client));
  }

  EXPECT_TRUE(is_ended(waiting.get()));
  EXPECT_EQ(counters.refused_descriptors, 1U);
  const auto next = connect_to(bound[0]);
  EXPECT_EQ(reception->next(client), Arrival::client);
}

TEST_F(ReceptionTest, TheLastAreTakenAndNoMore) {
  const TemporaryFolder folder;
  open({"127.0.0.1:0", "unix:" + folder.file()});
  const auto first = connect_to(bound[0]);
  const auto second = connect_to(bound[1]);

  int taken = 0;
  reception->take_last([&](UniqueFd /*last*/) { ++taken; });

  EXPECT_EQ(taken, 2);
  EXPECT_NE(::access(folder.file().c_str(), F_OK), 0);
}

TEST_F(ReceptionTest, ForgettingLeavesTheFileToOthers) {
  const TemporaryFolder folder;
  open({"unix:" + folder.file()});

  reception->forget();

  EXPECT_EQ(::access(folder.file().c_str(), F_OK), 0);
}

}  // namespace
}  // namespace polymux
