#include <polymux/poller/capabilities.hpp>

#include <gtest/gtest.h>

namespace polymux {
namespace {

using namespace std::chrono_literals;

TEST(Capabilities, NothingRequiredIsNeverMissing) {
  EXPECT_EQ(missing(Requirements{}, Capabilities{}), "");
}

TEST(Capabilities, EverythingThatIsMissingIsNamed) {
  const Requirements wanted{.edge = true,
                            .priority = true,
                            .read_closed = true,
                            .hangup = true,
                            .error = true,
                            .pollable_handle = true,
                            .timeout_step = 1us,
                            .greatest_fd = 5000};
  const Capabilities offered{.timeout_step = 1ms, .greatest_fd = 1023};

  EXPECT_EQ(missing(wanted, offered),
            "edge, priority, read_closed, hangup, error, pollable_handle, timeout_step, "
            "greatest_fd");
}

TEST(Capabilities, WhatIsOfferedExactlyIsNotMissing) {
  const Requirements wanted{.edge = true, .timeout_step = 1ms, .greatest_fd = 1023};

  EXPECT_EQ(missing(wanted, {.edge = true, .timeout_step = 1ms, .greatest_fd = 1023}), "");
  EXPECT_EQ(missing(wanted, {.edge = true, .timeout_step = 1ns}), "");
}

TEST(Capabilities, WaitCostHasAName) {
  EXPECT_EQ(to_string(WaitCost::ready), "ready");
  EXPECT_EQ(to_string(WaitCost::registered), "registered");
  EXPECT_EQ(to_string(WaitCost::greatest_fd), "greatest_fd");
}

}  // namespace
}  // namespace polymux
