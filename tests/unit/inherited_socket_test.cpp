#include "platform/inherited_socket.hpp"

#include <gtest/gtest.h>

namespace polymux {
namespace {

TEST(InheritedSocket, NumberIsRead) {
  EXPECT_TRUE(names_inherited("fd:3"));
  EXPECT_EQ(parse_inherited("fd:3").fd, 3);
  EXPECT_EQ(parse_inherited("fd:1000").fd, 1000);
  EXPECT_EQ(parse_inherited("fd:3").message, "");
}

TEST(InheritedSocket, OtherAddressesAreNone) {
  for (const char* const text : {"", "fd", "unix:fd:3", "FD:3", "127.0.0.1:3", "host:3"}) {
    EXPECT_FALSE(names_inherited(text)) << text;
  }
}

TEST(InheritedSocket, WhatIsNoNumberOfASocketIsRefused) {
  for (const char* const text : {"fd:", "fd:0", "fd:2", "fd:-3", "fd:+3", "fd: 3", "fd:3 ", "fd:x",
                                 "fd:3:4", "fd:99999999999"}) {
    const auto parsed = parse_inherited(text);
    EXPECT_LT(parsed.fd, 0) << text;
    EXPECT_NE(parsed.message.find("'" + std::string(text) + "'"), std::string::npos);
    EXPECT_NE(parsed.message.find("as fd:3"), std::string::npos);
  }
}

}  // namespace
}  // namespace polymux
