#include "backends/support/registration_table.hpp"

#include <gtest/gtest.h>

#include <climits>
#include <vector>

namespace polymux {
namespace {

Registration registration(std::uint64_t token) {
  return {.token = Token{token}, .state = Registration::State::armed};
}

TEST(RegistrationTable, WhatWasNotPlacedIsNotFound) {
  RegistrationTable table;

  for (const int fd : {-1, INT_MIN, 0, 127, 128, INT_MAX}) EXPECT_EQ(table.find(fd), nullptr) << fd;
}

TEST(RegistrationTable, VacantPlaceIsNotFound) {
  RegistrationTable table;

  table.place(5);

  EXPECT_EQ(table.find(5), nullptr);
  EXPECT_EQ(table.find(6), nullptr);
}

TEST(RegistrationTable, EntriesStayWhereTheyAreWhileTheTableGrows) {
  RegistrationTable table;
  table.place(3) = registration(3);
  const auto* before = table.find(3);

  table.place(100'000) = registration(100'000);

  EXPECT_EQ(table.find(3), before);
  EXPECT_EQ(table.at(100'000).token, Token{100'000});
  EXPECT_EQ(table.find(99'000), nullptr);
}

TEST(RegistrationTable, VisitsEachEntryOnceLowestNumberFirst) {
  RegistrationTable table;
  for (const int fd : {1000, 0, 127, 128}) table.place(fd) = registration(1);
  std::vector<int> visited;

  table.for_each([&](int fd, Registration&) { visited.push_back(fd); });

  EXPECT_EQ(visited, (std::vector<int>{0, 127, 128, 1000}));
}

TEST(Registration, WantsNothingUnlessItIsArmed) {
  auto entry = registration(1);
  entry.interest = Interest::read;

  EXPECT_EQ(entry.wanted(), Interest::read);
  entry.state = Registration::State::fired;
  EXPECT_EQ(entry.wanted(), Interest::none);
  entry.state = Registration::State::invalid;
  EXPECT_EQ(entry.wanted(), Interest::none);
}

}  // namespace
}  // namespace polymux
