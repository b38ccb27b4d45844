#include "tests/conformance/runner/table.hpp"

#include <algorithm>

namespace polymux::conformance {

void TestResult::add(const TestRun& run) {
  took = std::max(took, run.took);
  switch (run.outcome) {
    case Outcome::passed:
      ++passed;
      return;
    case Outcome::failed:
      // The first failure is kept, whatever was said before it.
      if (failed == 0) message = run.message;
      ++failed;
      return;
    case Outcome::not_applicable:
      ++not_applicable;
      break;
    case Outcome::departs:
      ++departs;
      break;
  }
  if (message.empty()) message = run.message;
}

Outcome TestResult::outcome() const {
  if (failed > 0) return Outcome::failed;
  if (departs > 0) return Outcome::departs;
  return passed > 0 ? Outcome::passed : Outcome::not_applicable;
}

Outcome Cell::outcome() const {
  const auto any = [&](Outcome wanted) {
    return std::ranges::any_of(tests, [&](const auto& test) { return test.outcome() == wanted; });
  };
  for (const auto worst : {Outcome::failed, Outcome::departs, Outcome::passed}) {
    if (any(worst)) return worst;
  }
  return Outcome::not_applicable;
}

bool Cell::is_flaky() const {
  return std::ranges::any_of(
      tests, [](const auto& test) { return test.failed > 0 && test.failed < test.runs(); });
}

std::vector<std::string> Cell::reasons() const {
  std::vector<std::string> reasons;
  for (const auto& test : tests) {
    if (test.outcome() != outcome() || test.message.empty()) continue;
    if (std::ranges::find(reasons, test.message) == reasons.end()) reasons.push_back(test.message);
  }
  return reasons;
}

void Table::add(const SuiteTest& test, const TestRun& run) {
  auto& tests = cells_[test.rule][test.subject].tests;
  auto found =
      std::ranges::find_if(tests, [&](const auto& known) { return known.name == test.name; });
  if (found == tests.end()) found = tests.insert(found, TestResult{.name = test.name});
  found->add(run);
}

std::vector<Rule> Table::rules() const {
  std::vector<Rule> run;
  for (const auto& rule : all_rules()) {
    if (cells_.contains(rule.id)) run.push_back(rule);
  }
  return run;
}

const Cell* Table::cell(std::string_view rule, std::string_view subject) const {
  const auto row = cells_.find(rule);
  if (row == cells_.end()) return nullptr;
  const auto found = row->second.find(subject);
  return found == row->second.end() ? nullptr : &found->second;
}

Totals Table::totals(std::string_view subject) const {
  Totals totals;
  for (const auto& rule : rules()) {
    const auto* const found = cell(rule.id, subject);
    if (found == nullptr) continue;
    switch (found->outcome()) {
      case Outcome::passed:
        ++totals.passed;
        break;
      case Outcome::failed:
        ++totals.failed;
        break;
      case Outcome::not_applicable:
        ++totals.not_applicable;
        break;
      case Outcome::departs:
        ++totals.departs;
        break;
    }
    if (found->is_flaky()) ++totals.flaky;
  }
  return totals;
}

bool Table::has_failed() const {
  return std::ranges::any_of(subjects_,
                             [&](const auto& subject) { return totals(subject).failed > 0; });
}

std::string_view short_name(Outcome outcome) {
  switch (outcome) {
    case Outcome::passed:
      return "pass";
    case Outcome::failed:
      return "FAIL";
    case Outcome::not_applicable:
      return "n/a";
    case Outcome::departs:
      return "known";
  }
  return "?";
}

}  // namespace polymux::conformance
