#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "tests/conformance/runner/isolated_test.hpp"
#include "tests/conformance/runner/suite_tests.hpp"

namespace polymux::conformance {

/// Runs each test in a process of its own, some at a time, and tells each result as it comes.
/// SIGINT and SIGTERM end it, and what still runs is killed.
/// \return false if it was interrupted.
/// \throws std::system_error where no process can be made.
[[nodiscard]] bool run_tests(const std::vector<SuiteTest>& tests, std::size_t jobs,
                             const std::function<void(const SuiteTest&, const TestRun&)>& tell);

}  // namespace polymux::conformance
