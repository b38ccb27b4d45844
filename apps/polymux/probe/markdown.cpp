#include <algorithm>
#include <utility>

#include "report.hpp"

namespace probe {
namespace {

// A bar would end the cell; a flag has no space in it.
std::string escaped(std::string text) {
  std::ranges::replace(text, '|', ' ');
  return text;
}

void add_row(std::string& text, const std::vector<std::string>& cells) {
  for (const auto& one : cells) text.append("| ").append(one).append(" ");
  text += "|\n";
}

std::string situation_of(const Line& line) {
  std::string text(line.row->situation);
  if (line.interest == Interest::read) text += ", asked to read";
  if (line.interest == Interest::none) text += ", asked for nothing";
  return text;
}

std::vector<const Multiplexer*> available(const Survey& survey) {
  std::vector<const Multiplexer*> found;
  std::ranges::copy_if(survey.multiplexers, std::back_inserter(found),
                       [](const Multiplexer* one) { return one->is_available(); });
  return found;
}

void add_absent(std::string& text, std::string_view name, std::string_view why) {
  if (!why.empty()) text.append("\n`").append(name).append("`: ").append(why) += ".\n";
}

}  // namespace

std::string as_markdown(const Survey& survey) {
  const auto& system = survey.system;
  std::string text = system.name + " " + system.release + ", " + system.machine + ", " +
                     system.date.substr(0, 10) + "\n\n";
  const auto columns = available(survey);
  std::vector<std::string> cells{"kind", "situation"};
  for (const auto* const one : columns) cells.emplace_back(one->name);
  add_row(text, cells);
  add_row(text, std::vector<std::string>(cells.size(), "---"));
  const Kind* last = nullptr;
  for (const auto& line : lines_of(survey)) {
    cells.assign(
        {line.row->kind == last ? "" : std::string(line.row->kind->name), situation_of(line)});
    auto why = why_not_made(line);
    const bool is_made = why.empty();
    for (const auto* const one : columns) {
      cells.push_back(is_made ? escaped(cell(line, *one)) : std::exchange(why, ""));
    }
    add_row(text, cells);
    last = line.row->kind;
  }
  for (const auto* const one : survey.kinds) add_absent(text, one->name, one->making->absent);
  for (const auto* const one : survey.multiplexers) {
    add_absent(text, one->name, one->opening->absent);
  }
  return text;
}

}  // namespace probe
