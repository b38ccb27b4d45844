#include <functional>
#include <memory>
#include <polymux/poller/error.hpp>
#include <polymux/service/connection_manager.hpp>
#include <polymux/service/toupper_service.hpp>

#include "loop_fixture.hpp"
#include "platform/listener.hpp"
#include "socket_fixture.hpp"

namespace polymux {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

class ConnectionManagerTest : public LoopTest {
 protected:
  void open(const ConnectionOptions& options = {}) {
    manager = std::make_unique<ConnectionManager>(loop, service, options);
    const auto result = manager->listen("127.0.0.1:0");
    ASSERT_TRUE(result) << result.message;
    address = result.addresses.front();
  }

  void run_until(const std::function<bool()>& is_done) {
    const auto deadline = Clock::now() + 10s;
    while (!is_done() && Clock::now() < deadline) ASSERT_FALSE(loop.run_once(10ms));
    ASSERT_TRUE(is_done());
  }

  void expect_served(int client) {
    write_text(client, "hello");
    std::string answer;
    run_until([&] { return (answer += read_now(client)).size() == 5; });
    EXPECT_EQ(answer, "HELLO");
  }

  [[nodiscard]] ConnectionCounters counters() const { return manager->counters(); }

  ToupperService service;
  std::unique_ptr<ConnectionManager> manager;
  std::string address;
};

TEST_F(ConnectionManagerTest, ServesWhoeverConnects) {
  open();
  const auto first = connect_to(address);
  const auto second = connect_to(address);

  expect_served(second.get());
  expect_served(first.get());

  EXPECT_EQ(counters().accepted, 2U);
}

TEST_F(ConnectionManagerTest, ServesOnASocketThatListensAlready) {
  Listener listener;
  ASSERT_FALSE(
      open_listener(resolve(parse_endpoint("127.0.0.1:0").endpoint).addresses.front(), listener));
  manager = std::make_unique<ConnectionManager>(loop, service);

  const auto result = manager->listen_on(listener.socket.release());

  ASSERT_TRUE(result) << result.message;
  EXPECT_EQ(result.addresses, std::vector{listener.address});
  const auto client = connect_to(listener.address);
  expect_served(client.get());
}

TEST_F(ConnectionManagerTest, WhatDoesNotListenIsRefusedAndClosed) {
  manager = std::make_unique<ConnectionManager>(loop, service);
  SocketPair pair;

  const auto result = manager->listen_on(pair.near.release());

  EXPECT_EQ(result.error, Errc::invalid_argument);
  EXPECT_NE(result.message.find("no stream socket that listens"), std::string::npos);
  EXPECT_EQ(read_now(pair.far.get()), "");
  EXPECT_TRUE(is_ended(pair.far.get()));
  EXPECT_EQ(manager->listen_on(-1).error, Errc::bad_descriptor);
}

TEST_F(ConnectionManagerTest, WhatIsNoAddressIsAnInvalidArgument) {
  ConnectionManager empty(loop, service);

  const auto result = empty.listen("nonsense");

  EXPECT_FALSE(result);
  EXPECT_EQ(result.error, make_error_code(Errc::invalid_argument));
  EXPECT_NE(result.message.find("'nonsense' is not an address"), std::string::npos);
}

TEST_F(ConnectionManagerTest, AddressInUseIsTheSystemsError) {
  open();

  const auto result = manager->listen(address);

  EXPECT_EQ(result.error, std::errc::address_in_use);
  EXPECT_EQ(result.message.find("cannot listen on " + address + ": "), 0U) << result.message;
}

TEST_F(ConnectionManagerTest, AdoptsAConnectedSocketWhateverItsFlags) {
  open();
  SocketPair pair;

  ASSERT_FALSE(manager->adopt(pair.near.release()));

  expect_served(pair.far.get());
  EXPECT_EQ(counters().accepted, 1U);
}

TEST_F(ConnectionManagerTest, BeyondTheLimitIsRefusedAndCounted) {
  open({.max_connections = 1});
  const auto first = connect_to(address);
  expect_served(first.get());
  const auto second = connect_to(address);
  SocketPair pair;

  run_until([&] { return is_ended(second.get()); });

  EXPECT_EQ(manager->adopt(pair.near.release()), std::errc::too_many_files_open);
  EXPECT_TRUE(is_ended(pair.far.get()));
  EXPECT_EQ(counters().refused_limit, 2U);
  expect_served(first.get());
}

TEST_F(ConnectionManagerTest, WithoutDescriptorsClientsAreRefusedAndCounted) {
  open();
  const auto served = connect_to(address);
  expect_served(served.get());
  const auto first = connect_to(address);
  const auto second = connect_to(address);
  {
    const DescriptorLimit limit(next_number());
    run_until([&] { return is_ended(first.get()) && is_ended(second.get()); });
  }

  EXPECT_EQ(counters().refused_descriptors, 2U);
  EXPECT_EQ(counters().accepted, 1U);
  expect_served(served.get());
  const auto later = connect_to(address);
  expect_served(later.get());
}

TEST_F(ConnectionManagerTest, WhereNotEvenRefusingWorksAcceptingRests) {
  open();
  const auto client = connect_to(address);
  const auto before = Clock::now();
  {
    const DescriptorLimit limit(3);
    ASSERT_FALSE(loop.run_once());
    // A listener that is still watched would end this wait at once.
    ASSERT_FALSE(loop.run_once(50ms));
    EXPECT_GE(Clock::now() - before, 50ms);
    EXPECT_EQ(counters().accepted, 0U);
  }

  expect_served(client.get());
}

TEST_F(ConnectionManagerTest, AcceptingResumesWhenAConnectionCloses) {
  open();
  auto first = connect_to(address);
  expect_served(first.get());
  const auto second = connect_to(address);
  const auto before = Clock::now();
  {
    const DescriptorLimit limit(3);
    ASSERT_FALSE(loop.run_once(0ns));
  }

  first.reset();
  run_until([&] { return counters().accepted == 2; });

  EXPECT_LT(Clock::now() - before, 90ms);
  expect_served(second.get());
}

TEST_F(ConnectionManagerTest, DrainEndsWhenAllAreGone) {
  open();
  const auto client = connect_to(address);
  expect_served(client.get());
  int calls = 0;

  manager->drain([&] { ++calls; });
  EXPECT_EQ(calls, 0);
  run_until([&] { return calls != 0; });

  EXPECT_TRUE(is_ended(client.get()));
  EXPECT_EQ(counters().active, 0U);
  ASSERT_FALSE(loop.run_once(20ms));
  EXPECT_EQ(calls, 1);
}

TEST_F(ConnectionManagerTest, DrainServesWhoWaitsToBeAccepted) {
  open();
  const auto client = connect_to(address);
  write_text(client.get(), "hello");

  manager->drain({});
  std::string answer;
  run_until([&] { return (answer += read_now(client.get())).size() == 5; });

  EXPECT_EQ(answer, "HELLO");
}

TEST_F(ConnectionManagerTest, DrainWithoutClientsCallsFromTheLoop) {
  open();
  int calls = 0;

  manager->drain([&] { ++calls; });

  EXPECT_EQ(calls, 0);
  turn();
  EXPECT_EQ(calls, 1);
}

TEST_F(ConnectionManagerTest, DrainTimeOutClosesTheRest) {
  open({.drain_timeout = 30ms});
  const auto client = connect_to(address);
  expect_served(client.get());
  bool is_gone = false;
  const auto before = Clock::now();

  manager->drain([&] { is_gone = true; });
  run_until([&] { return is_gone; });

  EXPECT_GE(Clock::now() - before, 30ms);
  EXPECT_LT(Clock::now() - before, 5s);
  EXPECT_EQ(counters().active, 0U);
}

TEST_F(ConnectionManagerTest, CloseAllEndsADrain) {
  open({.drain_timeout = 1h});
  const auto client = connect_to(address);
  expect_served(client.get());
  int calls = 0;
  manager->drain([&] { ++calls; });

  manager->close_all();
  EXPECT_TRUE(is_ended(client.get()));
  turn();

  EXPECT_EQ(calls, 1);
}

TEST_F(ConnectionManagerTest, CallbackOfADrainMayDestroyTheManager) {
  open();
  const auto client = connect_to(address);
  expect_served(client.get());

  manager->drain([&] { manager.reset(); });
  run_until([&] { return manager == nullptr; });

  EXPECT_TRUE(is_ended(client.get()));
}

TEST_F(ConnectionManagerTest, DestructionClosesEverything) {
  open();
  const auto client = connect_to(address);
  expect_served(client.get());

  manager.reset();

  EXPECT_TRUE(is_ended(client.get()));
  Listener again;
  EXPECT_FALSE(open_listener(resolve(parse_endpoint(address).endpoint).addresses.front(), again));
}

}  // namespace
}  // namespace polymux
