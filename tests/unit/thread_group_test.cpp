#include "core/models/thread_group.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>

namespace polymux {
namespace {

TEST(ThreadGroup, JoinsAllThatItHasStarted) {
  std::atomic<int> done{0};
  ThreadGroup threads;
  for (int count = 0; count < 50; ++count) {
    ASSERT_FALSE(threads.start([&]() noexcept { ++done; }));
  }

  threads.join();

  EXPECT_EQ(done, 50);
}

TEST(ThreadGroup, CanBeUsedAgain) {
  std::atomic<int> done{0};
  ThreadGroup threads;
  for (int round = 0; round < 3; ++round) {
    ASSERT_FALSE(threads.start([&]() noexcept { ++done; }));
    threads.join();
    EXPECT_EQ(done, round + 1);
  }
}

TEST(ThreadGroup, ATaskIsGoneWhenItsThreadIs) {
  const auto held = std::make_shared<int>(1);
  ThreadGroup threads;
  ASSERT_FALSE(threads.start([held]() noexcept {}));

  threads.join();

  EXPECT_EQ(held.use_count(), 1);
}

}  // namespace
}  // namespace polymux
