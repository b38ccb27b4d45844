#include "apps/polymux/load/failure.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <set>
#include <string>

#include "apps/polymux/load/tally.hpp"

namespace load {
namespace {

Failure of(int code) {
  return classify({code, std::system_category()});
}

TEST(Failure, OfEachError) {
  EXPECT_EQ(of(ECONNREFUSED), Failure::refused);
  EXPECT_EQ(of(ETIMEDOUT), Failure::timed_out);
  EXPECT_EQ(of(ECONNRESET), Failure::reset);
  EXPECT_EQ(of(EPIPE), Failure::reset);
  EXPECT_EQ(of(EADDRNOTAVAIL), Failure::no_port);
  EXPECT_EQ(of(EMFILE), Failure::no_descriptor);
  EXPECT_EQ(of(EHOSTUNREACH), Failure::other);
}

TEST(Failure, EachHasAName) {
  std::set<std::string> names;
  for (std::size_t kind = 0; kind < failure_count; ++kind) {
    names.insert(name_of(static_cast<Failure>(kind)));
  }
  EXPECT_EQ(names.size(), failure_count);
}

TEST(Tally, MergingAddsAll) {
  Tally one;
  one.asked = 3;
  one.failures[static_cast<std::size_t>(Failure::reset)] = 1;
  Tally other;
  other.asked = 4;
  other.failures[static_cast<std::size_t>(Failure::reset)] = 2;
  other.connection_losses[static_cast<std::size_t>(Failure::closed)] = 5;
  other.first_wrong = WrongByte{.connection = 7};

  one.merge(other);

  EXPECT_EQ(one.asked, 7U);
  EXPECT_EQ(total(one.failures), 3U);
  EXPECT_EQ(total(one.connection_losses), 5U);
  ASSERT_TRUE(one.first_wrong);
  EXPECT_EQ(one.first_wrong->connection, 7U);
}

}  // namespace
}  // namespace load
