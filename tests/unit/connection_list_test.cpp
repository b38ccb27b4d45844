#include "core/service/connection_list.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace polymux {
namespace {

struct Member : ConnectionHook {};

std::vector<const ConnectionHook*> members(ConnectionList& list) {
  std::vector<const ConnectionHook*> all;
  list.for_each([&all](ConnectionHook& hook) { all.push_back(&hook); });
  return all;
}

TEST(ConnectionList, KeepsTheOrderOfEntry) {
  Member a;
  Member b;
  ConnectionList list;
  EXPECT_TRUE(list.empty());

  list.push_back(a);
  list.push_back(b);

  EXPECT_FALSE(list.empty());
  EXPECT_EQ(&list.front(), &a);
  EXPECT_EQ(members(list), (std::vector<const ConnectionHook*>{&a, &b}));
}

TEST(ConnectionList, PushBackMovesToTheEndAndFromListToList) {
  Member a;
  Member b;
  ConnectionList list;
  ConnectionList other;
  list.push_back(a);
  list.push_back(b);

  list.push_back(a);
  EXPECT_EQ(members(list), (std::vector<const ConnectionHook*>{&b, &a}));
  list.push_back(a);
  EXPECT_EQ(members(list), (std::vector<const ConnectionHook*>{&b, &a}));
  other.push_back(b);

  EXPECT_EQ(members(list), (std::vector<const ConnectionHook*>{&a}));
  EXPECT_EQ(members(other), (std::vector<const ConnectionHook*>{&b}));
}

TEST(ConnectionList, UnlinkTwiceIsAsOnce) {
  Member a;
  ConnectionList list;
  list.push_back(a);

  ConnectionList::unlink(a);
  ConnectionList::unlink(a);

  EXPECT_TRUE(list.empty());
}

TEST(ConnectionList, VisitorMayMoveWhatItIsGiven) {
  Member a;
  Member b;
  ConnectionList list;
  ConnectionList other;
  list.push_back(a);
  list.push_back(b);

  list.for_each([&other](ConnectionHook& hook) { other.push_back(hook); });

  EXPECT_TRUE(list.empty());
  EXPECT_EQ(members(other), (std::vector<const ConnectionHook*>{&a, &b}));
}

}  // namespace
}  // namespace polymux
