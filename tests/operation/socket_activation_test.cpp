#include "apps/polymux/operation/socket_activation.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/unit/socket_fixture.hpp"

namespace operation {
namespace {

constexpr long own = 4711;

PassedSockets read(const char* pid, const char* fds, const char* names = nullptr) {
  return read_passed_sockets({.listen_pid = pid, .listen_fds = fds, .listen_fdnames = names}, own);
}

TEST(SocketActivation, NothingIsPassedWhereNothingIsSaid) {
  for (const auto& passed : {read(nullptr, nullptr), read("4711", nullptr), read(nullptr, "1")}) {
    EXPECT_EQ(passed.message, "");
    EXPECT_TRUE(passed.all.empty());
  }
}

TEST(SocketActivation, SocketsBeginWithThree) {
  const auto passed = read("4711", "2");

  EXPECT_EQ(passed.message, "");
  EXPECT_EQ(passed.all, (std::vector<PassedSocket>{{3, "unknown"}, {4, "unknown"}}));
}

TEST(SocketActivation, EachHasItsName) {
  const auto passed = read("4711", "3", "http::metrics");

  EXPECT_EQ(passed.message, "");
  EXPECT_EQ(passed.all, (std::vector<PassedSocket>{{3, "http"}, {4, ""}, {5, "metrics"}}));
}

TEST(SocketActivation, ThoseOfAnotherProcessAreLeftAlone) {
  const auto passed = read("4712", "nonsense", "a:b");

  EXPECT_EQ(passed.message, "");
  EXPECT_TRUE(passed.all.empty());
}

TEST(SocketActivation, WhatIsWrongIsNamed) {
  for (const char* const pid : {"", "0", "-1", "47x", "4711 ", "99999999999999999999"}) {
    EXPECT_NE(read(pid, "1").message.find("LISTEN_PID is '" + std::string(pid) + "'"),
              std::string::npos);
  }
  for (const char* const fds : {"", "0", "-1", "1.5", "two", "1025", "99999999999999999999"}) {
    const auto passed = read("4711", fds);
    EXPECT_NE(passed.message.find("LISTEN_FDS is '" + std::string(fds) + "'"), std::string::npos);
    EXPECT_NE(passed.message.find("from 1 to 1024"), std::string::npos);
    EXPECT_TRUE(passed.all.empty());
  }
  for (const char* const names : {"", "one", "one:two:three"}) {
    EXPECT_NE(read("4711", "2", names).message.find("LISTEN_FDNAMES"), std::string::npos) << names;
  }
}

TEST(InheritedSockets, EachIsOpenAndThereOnce) {
  const polymux::SocketPair pair;
  const auto open = "fd:" + std::to_string(pair.near.get());
  const auto closed = "fd:" + std::to_string(polymux::next_number());

  EXPECT_EQ(check_inherited({"127.0.0.1:0", open}), "");
  EXPECT_NE(check_inherited({open, "127.0.0.1:0", open}).find(open + ": it is there twice"),
            std::string::npos);
  EXPECT_NE(check_inherited({closed}).find(closed + ": nothing is open"), std::string::npos);
  EXPECT_NE(check_inherited({"fd:2"}).find("from 3 on"), std::string::npos);
}

}  // namespace
}  // namespace operation
