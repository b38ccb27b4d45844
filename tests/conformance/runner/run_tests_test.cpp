#include "tests/conformance/runner/run_tests.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include <polymux/conformance.hpp>

namespace polymux::conformance {
namespace {

// A subject that no test of this program uses otherwise; the tests are named, and need not exist.
std::map<std::string, TestRun> run(const std::vector<std::string>& names) {
  std::vector<SuiteTest> tests;
  for (const auto& name : names) {
    tests.push_back({.subject = "departing", .rule = "ADD-1", .name = name, .filter = name});
  }
  std::map<std::string, TestRun> results;
  const bool is_whole = run_tests(
      tests, 2, [&](const auto& test, const auto& result) { results[test.name] = result; });
  EXPECT_TRUE(is_whole);
  return results;
}

TEST(RunTests, TestThatIsNotThereFails) {
  const auto results = run({"Nothing.OfThisName"});

  EXPECT_EQ(results.at("Nothing.OfThisName").outcome, Outcome::failed);
  EXPECT_EQ(results.at("Nothing.OfThisName").message, "the test is not there");
}

TEST(RunTests, DepartureIsKnownIfItFailsAndIsNotRunIfItIsToBeSkipped) {
  add_subject({.name = "departing",
               .open = [] { return nullptr; },
               .departures = {{"Departs", "beneath it", Departure::Kind::fails},
                              {"Crashes", "at times", Departure::Kind::skip}}});
  const auto results = run({"Departs", "Crashes", "Unlisted"});

  EXPECT_EQ(results.at("Departs").outcome, Outcome::departs);
  EXPECT_EQ(results.at("Departs").message, "beneath it");
  EXPECT_EQ(results.at("Crashes").outcome, Outcome::departs);
  EXPECT_EQ(results.at("Crashes").message, "at times");
  EXPECT_EQ(results.at("Unlisted").outcome, Outcome::failed);
}

}  // namespace
}  // namespace polymux::conformance
