#include "core/models/client_queue.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <thread>
#include <vector>

namespace polymux {
namespace {

UniqueFd any_descriptor() {
  return UniqueFd(::dup(STDIN_FILENO));
}

TEST(ClientQueue, FirstInFirstOut) {
  ClientQueue queue(2);
  auto first = any_descriptor();
  const int number = first.get();
  ASSERT_TRUE(queue.push(std::move(first)));
  ASSERT_TRUE(queue.push(any_descriptor()));

  EXPECT_EQ(queue.pop().get(), number);
  EXPECT_NE(queue.pop().get(), number);
}

TEST(ClientQueue, WhatIsInItIsTakenBeforeItsEnd) {
  ClientQueue queue(1);
  ASSERT_TRUE(queue.push(any_descriptor()));

  queue.close();

  EXPECT_TRUE(queue.pop());
  EXPECT_FALSE(queue.pop());
}

TEST(ClientQueue, NeverHoldsMoreThanItsBound) {
  constexpr int bound = 3;
  constexpr int all = 200;
  ClientQueue queue(bound);
  std::atomic<int> inside{0};
  std::thread acceptor([&] {
    for (int count = 0; count < all; ++count) {
      EXPECT_TRUE(queue.push(any_descriptor()));
      // One has been taken already, for which the other thread has not counted yet.
      EXPECT_LE(++inside, bound + 1);
    }
  });

  for (int count = 0; count < all; ++count) {
    EXPECT_TRUE(queue.pop());
    --inside;
  }

  acceptor.join();
}

TEST(ClientQueue, WithoutItsBoundNobodyWaits) {
  ClientQueue queue(1);
  ASSERT_TRUE(queue.push(any_descriptor()));
  std::thread acceptor([&] { EXPECT_TRUE(queue.push(any_descriptor())); });

  queue.lift_bound();
  acceptor.join();

  EXPECT_TRUE(queue.push(any_descriptor()));
}

TEST(ClientQueue, TheEndIsSeenByAllWhoWait) {
  ClientQueue queue(1);
  std::vector<std::thread> workers;
  for (int count = 0; count < 4; ++count) {
    workers.emplace_back([&] { EXPECT_FALSE(queue.pop()); });
  }

  queue.close();

  for (auto& worker : workers) worker.join();
}

}  // namespace
}  // namespace polymux
