#include <string>
#include <string_view>
#include <vector>

#include "tests/conformance/runner/reports.hpp"

namespace polymux::conformance {
namespace {

std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '\n') {
      result += "; ";
      continue;
    }
    if (c == '|' || c == '<' || c == '*' || c == '_') result += '\\';
    result += c;
  }
  return result;
}

/// The reasons that cells refer to, in the order of their first use.
class Footnotes {
 public:
  std::string mark(const std::string& text) {
    std::size_t number = 0;
    while (number < notes_.size() && notes_[number] != text) ++number;
    if (number == notes_.size()) notes_.push_back(text);
    return " <sup>" + std::to_string(number + 1) + "</sup>";
  }
  [[nodiscard]] std::string text() const {
    std::string all;
    for (std::size_t i = 0; i < notes_.size(); ++i) {
      all += std::to_string(i + 1) + ". " + escaped(notes_[i]) + "\n";
    }
    return all;
  }

 private:
  std::vector<std::string> notes_;
};

std::string shown(const Cell* cell, Footnotes& notes) {
  if (cell == nullptr) return "–";
  const auto outcome = cell->outcome();
  std::string text = outcome == Outcome::failed ? "**FAIL**" : std::string(short_name(outcome));
  if (outcome == Outcome::passed) return text;
  for (const auto& reason : cell->reasons()) text += notes.mark(reason);
  return text;
}

std::string header(const Table& table) {
  std::string names = "| rule | |";
  std::string line = "| --- | --- |";
  for (const auto& subject : table.subjects()) {
    names += " " + escaped(subject) + " |";
    line += " --- |";
  }
  return names + "\n" + line + "\n";
}

std::string totals_row(const Table& table) {
  std::string row = "| | pass / fail / n/a / known |";
  for (const auto& subject : table.subjects()) {
    const auto totals = table.totals(subject);
    row += " " + std::to_string(totals.passed) + " / " + std::to_string(totals.failed) + " / " +
           std::to_string(totals.not_applicable) + " / " + std::to_string(totals.departs) + " |";
  }
  return row + "\n";
}

}  // namespace

std::string as_markdown(const Report& report) {
  const auto& system = report.system;
  const auto& table = report.table;
  std::string text = "### " + escaped(system.name) + " " + escaped(system.release) + ", " +
                     escaped(system.machine) + "\n\n" + escaped(system.version) + "; " +
                     system.date + "; each rule run " + std::to_string(table.repeats()) +
                     (table.repeats() == 1 ? " time.\n\n" : " times.\n\n") + header(table);
  Footnotes notes;
  for (const auto& rule : table.rules()) {
    text += "| " + std::string(rule.id) + " | " + escaped(rule.title) + " |";
    for (const auto& subject : table.subjects()) {
      text += " " + shown(table.cell(rule.id, subject), notes) + " |";
    }
    text += "\n";
  }
  text += totals_row(table) + "\n" + notes.text();
  for (const auto& [name, reason] : report.missing) {
    text += "\nNot tested: " + escaped(name) + ": " + escaped(reason) + "\n";
  }
  return text;
}

}  // namespace polymux::conformance
