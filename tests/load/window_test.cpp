#include "apps/polymux/load/window.hpp"

#include <gtest/gtest.h>

#include <deque>

#include "apps/polymux/load/random.hpp"

namespace load {
namespace {

TEST(Window, KeepsTheOrder) {
  constexpr std::size_t depth = 5;
  Window window(depth);
  std::deque<std::uint64_t> model;
  Random random(1);
  for (std::uint64_t step = 0; step < 1000; ++step) {
    if (!window.is_full() && random.below(2) == 0) {
      window.push({.end = step});
      model.push_back(step);
    } else if (!window.is_empty()) {
      window.pop();
      model.pop_front();
    }
    ASSERT_EQ(window.size(), model.size());
    ASSERT_EQ(window.is_empty(), model.empty());
    ASSERT_EQ(window.is_full(), model.size() == depth);
    if (model.empty()) continue;
    ASSERT_EQ(window.front().end, model.front());
  }
}

TEST(Window, ClearedIsEmpty) {
  Window window(1);
  window.push({.end = 1});

  window.clear();

  EXPECT_TRUE(window.is_empty());
}

TEST(Window, OfNoDepthIsFull) {
  EXPECT_TRUE(Window(0).is_full());
}

}  // namespace
}  // namespace load
