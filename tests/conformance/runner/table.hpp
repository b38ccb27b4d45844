#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tests/conformance/runner/isolated_test.hpp"
#include "tests/conformance/runner/rules.hpp"
#include "tests/conformance/runner/suite_tests.hpp"

namespace polymux::conformance {

/// All runs of one test for one subject.
struct TestResult {
  std::string name;
  std::size_t passed = 0;
  std::size_t failed = 0;
  std::size_t not_applicable = 0;
  std::size_t departs = 0;
  /// What the first failure said, or why it does not apply.
  std::string message{};
  /// The longest run.
  std::chrono::nanoseconds took{};

  void add(const TestRun& run);
  [[nodiscard]] Outcome outcome() const;
  [[nodiscard]] std::size_t runs() const { return passed + failed + not_applicable + departs; }
};

/// What a subject makes of a rule: of one test or several.
struct Cell {
  std::vector<TestResult> tests;

  /// Failed if any test is, then departs, passed, not applicable.
  [[nodiscard]] Outcome outcome() const;
  /// Passed in one run and failed in another.
  [[nodiscard]] bool is_flaky() const;
  /// Why it fails, departs or does not apply; each reason once.
  [[nodiscard]] std::vector<std::string> reasons() const;
};

/// How often each outcome came, in cells.
struct Totals {
  std::size_t passed = 0;
  std::size_t failed = 0;
  std::size_t not_applicable = 0;
  std::size_t departs = 0;
  std::size_t flaky = 0;
};

/// Rules by subjects, as far as they were run.
class Table {
 public:
  Table(std::vector<std::string> subjects, std::size_t repeats)
      : subjects_(std::move(subjects)), repeats_(repeats) {}

  void add(const SuiteTest& test, const TestRun& run);

  [[nodiscard]] const std::vector<std::string>& subjects() const { return subjects_; }
  [[nodiscard]] std::size_t repeats() const { return repeats_; }
  /// The rules of which anything was run, in the order of the contract.
  [[nodiscard]] std::vector<Rule> rules() const;
  /// Null if nothing of it was run.
  [[nodiscard]] const Cell* cell(std::string_view rule, std::string_view subject) const;
  [[nodiscard]] Totals totals(std::string_view subject) const;
  [[nodiscard]] bool has_failed() const;

 private:
  std::vector<std::string> subjects_;
  std::size_t repeats_;
  std::map<std::string, std::map<std::string, Cell, std::less<>>, std::less<>> cells_;
};

/// "pass", "FAIL", "n/a", "known".
[[nodiscard]] std::string_view short_name(Outcome outcome);

}  // namespace polymux::conformance
