#include "tests/conformance/runner/suite_tests.hpp"

#include <gtest/gtest.h>

#include <optional>

#include "tests/conformance/conformance_test.hpp"

namespace polymux::conformance {
namespace {

// The name of a test of the suite is that of its rule and behaviour, a slash, and its subject.
std::optional<SuiteTest> read_test(const ::testing::TestInfo& info) {
  const std::string full = info.name();
  const auto slash = full.rfind('/');
  if (slash == std::string::npos) return std::nullopt;
  return SuiteTest{.subject = full.substr(slash + 1),
                   .rule = test::rule_of(full),
                   .name = full.substr(0, slash),
                   .filter = std::string(info.test_suite_name()) + "." + full};
}

std::vector<SuiteTest> every_test() {
  std::vector<SuiteTest> all;
  const auto& google = *::testing::UnitTest::GetInstance();
  for (int i = 0; i < google.total_test_suite_count(); ++i) {
    const auto& suite = *google.GetTestSuite(i);
    for (int k = 0; k < suite.total_test_count(); ++k) {
      if (auto test = read_test(*suite.GetTestInfo(k))) all.push_back(std::move(*test));
    }
  }
  return all;
}

}  // namespace

std::vector<SuiteTest> suite_tests() {
  const auto all = every_test();
  std::vector<SuiteTest> sorted;
  for (const auto& subject : subjects()) {
    for (const auto& test : all) {
      if (test.subject == subject.name) sorted.push_back(test);
    }
  }
  return sorted;
}

}  // namespace polymux::conformance
