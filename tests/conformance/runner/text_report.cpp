#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/conformance/runner/reports.hpp"

namespace polymux::conformance {
namespace {

std::string padded(std::string_view text, std::size_t width) {
  std::string column(text);
  column.resize(std::max(width, column.size()), ' ');
  return column;
}

std::string_view shown(const Cell* cell) {
  if (cell == nullptr) return "-";
  return cell->is_flaky() ? "FLAKY" : short_name(cell->outcome());
}

std::string heading(const Report& report) {
  const auto rules = report.table.rules().size();
  std::string line = std::to_string(rules) + (rules == 1 ? " rule" : " rules") + ", " +
                     std::to_string(report.table.subjects().size()) + " backends";
  if (report.table.repeats() > 1) line += ", " + std::to_string(report.table.repeats()) + " times";
  return line + "; " + report.system.name + " " + report.system.release + " " +
         report.system.machine + ", " + report.system.date;
}

std::string rows(const Table& table) {
  std::size_t id_width = 4;
  std::size_t title_width = 0;
  for (const auto& rule : table.rules()) {
    id_width = std::max(id_width, rule.id.size());
    title_width = std::max(title_width, rule.title.size());
  }
  std::string text = padded("rule", id_width + 2 + title_width);
  for (const auto& subject : table.subjects()) text += "  " + padded(subject, 5);
  text += "\n";
  for (const auto& rule : table.rules()) {
    text += padded(rule.id, id_width) + "  " + padded(rule.title, title_width);
    for (const auto& subject : table.subjects()) {
      const auto width = std::max<std::size_t>(5, subject.size());
      text += "  " + padded(shown(table.cell(rule.id, subject)), width);
    }
    text.erase(text.find_last_not_of(' ') + 1);
    text += "\n";
  }
  return text;
}

std::string indented(const std::string& text) {
  std::string result = "      ";
  for (const char c : text) {
    result += c;
    if (c == '\n') result += "      ";
  }
  return result + "\n";
}

/// Why cells have this outcome: the same reason once, with all whom it concerns.
std::string reasons(const Table& table, Outcome outcome, const char* title) {
  // By rule and reason, in the order of the contract.
  std::string text;
  for (const auto& rule : table.rules()) {
    std::vector<std::pair<std::string, std::string>> grouped;
    for (const auto& subject : table.subjects()) {
      const auto* const cell = table.cell(rule.id, subject);
      if (cell == nullptr || cell->outcome() != outcome) continue;
      for (const auto& reason : cell->reasons()) {
        auto known =
            std::ranges::find(grouped, reason, &std::pair<std::string, std::string>::first);
        if (known == grouped.end()) known = grouped.insert(known, {reason, {}});
        known->second += (known->second.empty() ? "" : ", ") + subject;
      }
    }
    for (const auto& [reason, who] : grouped) {
      text.append("  ").append(rule.id).append("  ").append(who) += ":\n" + indented(reason);
    }
  }
  return text.empty() ? text : "\n" + std::string(title) + ":\n" + text;
}

std::string failures(const Table& table) {
  std::string text;
  for (const auto& rule : table.rules()) {
    for (const auto& subject : table.subjects()) {
      const auto* const cell = table.cell(rule.id, subject);
      if (cell == nullptr) continue;
      for (const auto& test : cell->tests) {
        if (test.failed == 0) continue;
        text.append("  ").append(subject).append(".").append(test.name);
        text.append(": failed ").append(std::to_string(test.failed));
        text.append(" of ").append(std::to_string(test.runs())).append("\n");
        text += indented(test.message);
      }
    }
  }
  return text.empty() ? text : "\nFailed:\n" + text;
}

std::string figures(const Table& table) {
  std::string text = "\n";
  std::size_t width = 0;
  for (const auto& subject : table.subjects()) width = std::max(width, subject.size());
  for (const auto& subject : table.subjects()) {
    const auto totals = table.totals(subject);
    text.append(padded(subject, width)).append("  ");
    text.append(std::to_string(totals.passed)).append(" pass, ");
    text.append(std::to_string(totals.failed)).append(" fail, ");
    text.append(std::to_string(totals.not_applicable)).append(" not applicable");
    if (totals.departs > 0) text += ", " + std::to_string(totals.departs) + " known";
    if (totals.flaky > 0) text += ", " + std::to_string(totals.flaky) + " flaky";
    text += "\n";
  }
  return text;
}

}  // namespace

std::string as_text(const Report& report) {
  const auto& table = report.table;
  std::string text = heading(report) + "\n\n" + rows(table);
  text += reasons(table, Outcome::not_applicable, "Not applicable");
  text += reasons(table, Outcome::departs, "Known departures of what lies beneath");
  text += failures(table);
  text += figures(table);
  for (const auto& [name, reason] : report.missing) {
    text.append(name).append(": not tested: ").append(reason).append("\n");
  }
  return text;
}

}  // namespace polymux::conformance
