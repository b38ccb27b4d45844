#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <polymux/coroutine/spawn.hpp>
#include <polymux/loop/timer.hpp>

#include "loop_fixture.hpp"

namespace polymux {

/// A loop that runs until its tasks are done, and not for ever.
class CoroutineTest : public LoopTest {
 protected:
  using Clock = Timer::Clock;

  void run_until(const std::function<bool()>& is_done) {
    const auto deadline = Clock::now() + std::chrono::seconds(10);
    while (!is_done() && Clock::now() < deadline) {
      ASSERT_FALSE(loop.run_once(std::chrono::milliseconds(10)));
    }
    ASSERT_TRUE(is_done());
  }

  template <class T>
  T finish(Spawned<T> spawned) {
    run_until([&] { return spawned.is_done(); });
    return spawned.result();
  }
};

}  // namespace polymux
