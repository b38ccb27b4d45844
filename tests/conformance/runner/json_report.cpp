#include <chrono>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/conformance/runner/reports.hpp"

namespace polymux::conformance {
namespace {

using nlohmann::ordered_json;

const char* word(Outcome outcome) {
  switch (outcome) {
    case Outcome::passed:
      return "pass";
    case Outcome::failed:
      return "fail";
    case Outcome::not_applicable:
      return "not_applicable";
    case Outcome::departs:
      return "known_departure";
  }
  return "";
}

ordered_json to_json(const TestResult& test) {
  using Milliseconds = std::chrono::duration<double, std::milli>;
  return {{"name", test.name},       {"result", word(test.outcome())},
          {"message", test.message}, {"passed", test.passed},
          {"failed", test.failed},   {"milliseconds", Milliseconds(test.took).count()}};
}

ordered_json to_json(const Cell& cell) {
  ordered_json json{{"result", word(cell.outcome())}, {"flaky", cell.is_flaky()}};
  json["reasons"] = ordered_json::array();
  if (cell.outcome() != Outcome::passed) json["reasons"] = cell.reasons();
  json["tests"] = ordered_json::array();
  for (const auto& test : cell.tests) json["tests"].push_back(to_json(test));
  return json;
}

ordered_json to_json(const SystemInfo& system) {
  return {{"name", system.name},
          {"release", system.release},
          {"version", system.version},
          {"machine", system.machine}};
}

ordered_json subject_json(const Table& table, const std::string& subject) {
  const auto totals = table.totals(subject);
  return {{"name", subject},
          {"pass", totals.passed},
          {"fail", totals.failed},
          {"not_applicable", totals.not_applicable},
          {"known_departure", totals.departs},
          {"flaky", totals.flaky}};
}

ordered_json rule_json(const Table& table, const Rule& rule) {
  ordered_json json{{"id", rule.id}, {"title", rule.title}};
  json["cells"] = ordered_json::object();
  for (const auto& subject : table.subjects()) {
    if (const auto* const cell = table.cell(rule.id, subject))
      json["cells"][subject] = to_json(*cell);
  }
  return json;
}

}  // namespace

std::string as_json(const Report& report) {
  ordered_json json{{"format", "polymux-conformance-1"}, {"polymux", POLYMUX_VERSION},
                    {"date", report.system.date},        {"system", to_json(report.system)},
                    {"repeats", report.table.repeats()}, {"failed", report.table.has_failed()}};
  json["backends"] = ordered_json::array();
  for (const auto& subject : report.table.subjects()) {
    json["backends"].push_back(subject_json(report.table, subject));
  }
  json["missing"] = ordered_json::array();
  for (const auto& [name, reason] : report.missing) {
    json["missing"].push_back({{"name", name}, {"reason", reason}});
  }
  json["rules"] = ordered_json::array();
  for (const auto& rule : report.table.rules()) {
    json["rules"].push_back(rule_json(report.table, rule));
  }
  // What a test printed may be no UTF-8.
  return json.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace polymux::conformance
