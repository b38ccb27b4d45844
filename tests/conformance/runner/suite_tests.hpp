#pragma once

#include <string>
#include <vector>

namespace polymux::conformance {

/// A test of the suite for one subject.
struct SuiteTest {
  std::string subject;
  std::string rule;
  /// Add3RegularFileIsRefused
  std::string name;
  /// What GoogleTest calls it: Every/AddRules.Add3RegularFileIsRefused/epoll
  std::string filter;
};

/// What GoogleTest knows once it has been initialised, by subject and then in the order of the
/// sources.
[[nodiscard]] std::vector<SuiteTest> suite_tests();

}  // namespace polymux::conformance
