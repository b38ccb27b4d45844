#include "apps/polymux/load/target.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <set>
#include <string>

#include "apps/polymux/load/connecting.hpp"
#include "apps/polymux/load/wrong_usage.hpp"

namespace load {
namespace {

Options options_for(const std::string& target) {
  Options options;
  options.target = target;
  return options;
}

TEST(Target, OneAddressIsNotConnectedToBeforehand) {
  EXPECT_EQ(Target(options_for("127.0.0.1:1"), 1).address().to_string(), "127.0.0.1:1");
  EXPECT_EQ(Target(options_for("unix:/no/such/socket"), 1).address().family(), AF_UNIX);
}

TEST(Target, WhatIsNoAddressIsWrongUsage) {
  EXPECT_THROW(Target(options_for("nonsense"), 1), WrongUsage);
  EXPECT_THROW(Target(options_for("127.0.0.1:0"), 1), WrongUsage);
  auto datagrams = options_for("unix:/some/socket");
  datagrams.is_udp = true;
  EXPECT_THROW(Target(datagrams, 1), WrongUsage);
}

TEST(Target, TheSystemChoosesWhereFewConnect) {
  const Target target(options_for("127.0.0.1:1"), Target::connections_of_a_source);

  EXPECT_EQ(target.source_of(0), nullptr);
}

TEST(Target, ManyConnectionsToLoopbackUseMoreAddresses) {
  constexpr auto each = Target::connections_of_a_source;
  const Target target(options_for("127.0.0.1:1"), 3 * each);
  if (target.source_of(0) == nullptr) GTEST_SKIP() << "this system has 127.0.0.1 alone";

  EXPECT_EQ(target.source_of(0)->to_string(), "127.0.0.1:0");
  EXPECT_EQ(target.source_of(each - 1)->to_string(), "127.0.0.1:0");
  EXPECT_EQ(target.source_of(each)->to_string(), "127.0.0.2:0");
  EXPECT_EQ(target.source_of(3 * each - 1)->to_string(), "127.0.0.3:0");
}

TEST(Target, SourcesAreTakenInTurn) {
  auto options = options_for("[::1]:1");
  options.sources = {"::1"};
  Options both = options_for("127.0.0.1:1");
  both.sources = {"127.0.0.1", "127.0.0.1"};
  if (try_to_bind(Target(options_for("[::1]:1"), 1).address())) GTEST_SKIP() << "no IPv6 here";

  EXPECT_EQ(Target(options, 5).source_of(4)->to_string(), "[::1]:0");
  const Target target(both, 5);
  EXPECT_NE(target.source_of(0), target.source_of(1));
  EXPECT_EQ(target.source_of(0), target.source_of(2));
}

TEST(Target, SourcesThatCannotBeAreRefused) {
  for (const char* source : {"", "localhost", "127.0.0.1:80", "300.0.0.1", "::1", "unix:/x"}) {
    auto options = options_for("127.0.0.1:1");
    options.sources = {source};
    EXPECT_THROW(Target(options, 1), WrongUsage) << source;
  }
  // TEST-NET-1 of RFC 5737, which nobody has.
  auto elsewhere = options_for("127.0.0.1:1");
  elsewhere.sources = {"192.0.2.1"};
  EXPECT_THROW(Target(elsewhere, 1), std::runtime_error);
}

}  // namespace
}  // namespace load
