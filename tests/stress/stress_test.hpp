#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include <polymux/polymux.hpp>

#include "tests/support/clocks.hpp"
#include "tests/support/descriptors.hpp"
#include "tests/support/poller_assertions.hpp"

namespace polymux::test {

/// Much of the same, on every backend of this system: bounded in count, and in time by CTest.
class StressTest : public ::testing::TestWithParam<std::string> {
 protected:
  [[nodiscard]] static std::unique_ptr<Poller> open() { return open_poller(GetParam()).poller; }

  /// True for libkqueue: it is not told of what is closed, keeps descriptors of its own, and takes
  /// the error of a socket that was reset (tests/conformance/libkqueue_exceptions.txt).
  [[nodiscard]] static bool is_emulated() {
#ifdef __linux__
    return GetParam() == "kqueue";
#else
    return false;
#endif
  }

  /// True if the numbers that are open are those of polymux and of the test alone.
  [[nodiscard]] static bool owns_all_descriptors() {
    return !is_sanitized() && !is_emulated();
  }

  /// So many in a plain build; a part of it under a sanitizer, which multiplies the cost of each.
  [[nodiscard]] static int scaled(int count) {
    return is_sanitized() ? count / 20 : count;
  }
};

[[nodiscard]] inline std::vector<std::string> names_of_backends() {
  std::vector<std::string> names;
  for (const auto& status : available_backends()) {
    if (status.is_available()) names.emplace_back(status.name);
  }
  return names;
}

}  // namespace polymux::test

#define POLYMUX_STRESS_EVERY_BACKEND(Fixture)                                         \
  INSTANTIATE_TEST_SUITE_P(Every, Fixture,                                            \
                           ::testing::ValuesIn(::polymux::test::names_of_backends()), \
                           [](const auto& one) { return one.param; })
