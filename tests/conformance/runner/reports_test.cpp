#include "tests/conformance/runner/reports.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/conformance/runner/options.hpp"

namespace polymux::conformance {
namespace {

using namespace std::chrono_literals;

SuiteTest test_of(const std::string& subject, const std::string& rule, const std::string& name) {
  return {.subject = subject, .rule = rule, .name = name, .filter = ""};
}

/// Two subjects and four rules, with one cell of each kind.
Report sample() {
  Report report{{.name = "Unix",
                 .release = "7",
                 .version = "#1",
                 .machine = "pdp11",
                 .date = "2026-01-31T12:00:00Z"},
                Table({"good", "bad"}, 2),
                {{"absent", "not <built>"}}};
  auto& table = report.table;
  for (int repeat = 0; repeat < 2; ++repeat) {
    for (const auto* subject : {"good", "bad"}) {
      table.add(test_of(subject, "ADD-1", "Add1A"), {Outcome::passed, "", 1ms});
      table.add(test_of(subject, "ADD-1", "Add1B"), {Outcome::not_applicable, "no edge", 1ms});
      table.add(test_of(subject, "ADD-2", "Add2A"), {Outcome::not_applicable, "no | edge", 1ms});
    }
    table.add(test_of("bad", "ADD-3", "Add3A"),
              {repeat == 0 ? Outcome::passed : Outcome::failed, "a \"<&>\" b", 2ms});
    table.add(test_of("bad", "ADD-4", "Add4A"), {Outcome::departs, "an emulator", 1ms});
  }
  return report;
}

TEST(ConformanceTable, CellIsAsItsWorstTest) {
  const auto report = sample();
  const auto& table = report.table;

  EXPECT_EQ(table.cell("ADD-1", "good")->outcome(), Outcome::passed);
  EXPECT_EQ(table.cell("ADD-2", "good")->outcome(), Outcome::not_applicable);
  EXPECT_EQ(table.cell("ADD-3", "good"), nullptr);
  EXPECT_EQ(table.cell("ADD-3", "bad")->outcome(), Outcome::failed);
  EXPECT_EQ(table.cell("ADD-4", "bad")->outcome(), Outcome::departs);
}

TEST(ConformanceTable, OneFailureInSeveralRunsFailsAndIsFlaky) {
  const auto report = sample();

  EXPECT_TRUE(report.table.has_failed());
  EXPECT_TRUE(report.table.cell("ADD-3", "bad")->is_flaky());
  EXPECT_FALSE(report.table.cell("ADD-1", "bad")->is_flaky());
  EXPECT_EQ(report.table.totals("bad").failed, 1U);
  EXPECT_EQ(report.table.totals("bad").flaky, 1U);
  EXPECT_EQ(report.table.totals("bad").departs, 1U);
  EXPECT_EQ(report.table.totals("good").failed, 0U);
}

TEST(ConformanceReport, TextNamesWhatFailedAndWhyTheRestIsNoPlainPass) {
  const auto text = as_text(sample());

  EXPECT_NE(text.find("bad.Add3A: failed 1 of 2\n      a \"<&>\" b"), std::string::npos) << text;
  EXPECT_NE(text.find("ADD-2  good, bad:\n      no | edge"), std::string::npos) << text;
  EXPECT_NE(text.find("ADD-4  bad:\n      an emulator"), std::string::npos) << text;
  EXPECT_NE(text.find("absent: not tested: not <built>"), std::string::npos) << text;
  EXPECT_NE(text.find("FLAKY"), std::string::npos) << text;
}

TEST(ConformanceReport, MarkdownKeepsItsColumns) {
  const auto text = as_markdown(sample());

  EXPECT_NE(text.find("no \\| edge"), std::string::npos) << text;
  EXPECT_NE(text.find("**FAIL**"), std::string::npos) << text;
  EXPECT_NE(text.find("| 1 / 1 / 1 / 1 |"), std::string::npos) << text;
}

TEST(ConformanceReport, JsonHasEachCell) {
  const auto json = nlohmann::json::parse(as_json(sample()));

  EXPECT_EQ(json["failed"], true);
  ASSERT_EQ(json["rules"].size(), 4U);
  EXPECT_EQ(json["rules"][2]["cells"]["bad"]["result"], "fail");
  EXPECT_EQ(json["rules"][2]["cells"]["bad"]["flaky"], true);
  EXPECT_EQ(json["rules"][2]["cells"]["bad"]["tests"][0]["message"], "a \"<&>\" b");
  EXPECT_FALSE(json["rules"][2]["cells"].contains("good"));
  EXPECT_EQ(json["missing"][0]["reason"], "not <built>");
}

TEST(ConformanceReport, JUnitEscapesWhatXmlWouldRead) {
  const auto text = as_junit(sample());

  EXPECT_NE(text.find("failure message=\"a &quot;&lt;&amp;&gt;&quot; b\""), std::string::npos)
      << text;
  EXPECT_NE(text.find("tests=\"5\" failures=\"1\" errors=\"0\" skipped=\"3\""), std::string::npos)
      << text;
}

TEST(ConformanceOptions, RuleIsChosenByItsIdOrItsGroup) {
  EXPECT_TRUE(is_chosen("ADD-3", {}));
  EXPECT_TRUE(is_chosen("ADD-3", {"ADD-3"}));
  EXPECT_TRUE(is_chosen("ADD-3", {"ADD"}));
  EXPECT_FALSE(is_chosen("ADD-30", {"ADD-3"}));
  EXPECT_FALSE(is_chosen("ADD-3", {"AD"}));
}

}  // namespace
}  // namespace polymux::conformance
