#include "apps/polymux/load/datagram_number.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cctype>
#include <string>

namespace load {
namespace {

TEST(DatagramNumber, IsReadAsItWasWritten) {
  for (const std::uint64_t number :
       {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{63}, std::uint64_t{64},
        std::uint64_t{123'456'789}, DatagramNumber::limit - 1}) {
    std::array<char, DatagramNumber::size> bytes{};
    DatagramNumber::write(number, bytes);

    EXPECT_EQ(DatagramNumber::read(bytes), number);
    for (const char byte : bytes) EXPECT_EQ(std::toupper(byte), byte);
  }
}

TEST(DatagramNumber, WhatIsNoneIsNotRead) {
  EXPECT_EQ(DatagramNumber::read(std::string("       ")), std::nullopt);
  EXPECT_EQ(DatagramNumber::read(std::string("abcdefgh")), std::nullopt);
  EXPECT_EQ(DatagramNumber::read(std::string("AAAA\x1f"
                                             "AAA")),
            std::nullopt);
  EXPECT_EQ(DatagramNumber::read(std::string("AAAA\xff"
                                             "AAA")),
            std::nullopt);
  EXPECT_NE(DatagramNumber::read(std::string("AAAAAAAA and more")), std::nullopt);
}

}  // namespace
}  // namespace load
