#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <memory>
#include <polymux/loop/event_loop.hpp>
#include <polymux/poller/registry.hpp>
#include <utility>

#include "platform/descriptors.hpp"

namespace polymux {

/// A pipe whose reader can be watched.
struct Pipe {
  Pipe() { EXPECT_FALSE(open_pipe(reader, writer)); }
  void fill() const { EXPECT_EQ(::write(writer.get(), "x", 1), 1); }
  void drain() const {
    char byte = 0;
    EXPECT_EQ(::read(reader.get(), &byte, 1), 1);
  }

  UniqueFd reader;
  UniqueFd writer;
};

/// A loop, and an alarm that ends a test that hangs.
class LoopTest : public ::testing::Test {
 protected:
  explicit LoopTest(std::unique_ptr<Poller> poller = open_poller().poller)
      : loop(std::move(poller)) {
    alarm_.start_after(std::chrono::seconds(20));
  }

  void run() { ASSERT_FALSE(loop.run()); }
  void turn() { ASSERT_FALSE(loop.run_once(std::chrono::nanoseconds::zero())); }

  EventLoop loop;

 private:
  Timer alarm_{loop, [this] {
                 ADD_FAILURE() << "the loop was not stopped";
                 loop.stop();
               }};
};

}  // namespace polymux
