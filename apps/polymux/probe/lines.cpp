#include <algorithm>

#include "report.hpp"

namespace probe {
namespace {

const Answer* answer_of(const Line& line, const Multiplexer& multiplexer) {
  const auto& answers = line.row->answers;
  const auto found = std::ranges::find_if(answers, [&](const Answer& answer) {
    return answer.multiplexer == &multiplexer && answer.interest == line.interest;
  });
  return found == answers.end() ? nullptr : &*found;
}

// Each flag of `read` is one of `all`, too.
bool is_part_of(const Answer& read, const Answer& all) {
  if (read.outcome == Outcome::nothing) return true;
  if (read.outcome != Outcome::ready) return describe(read) == describe(all);
  if (all.reports.size() < read.reports.size()) return false;
  for (std::size_t i = 0; i < read.reports.size(); ++i) {
    for (const auto& flag : read.reports[i]) {
      if (std::ranges::find(all.reports[i], flag) == all.reports[i].end()) return false;
    }
  }
  return true;
}

bool says_something(const Line& line, const std::vector<const Multiplexer*>& multiplexers) {
  return std::ranges::any_of(multiplexers, [&](const Multiplexer* multiplexer) {
    const auto* const answer = answer_of(line, *multiplexer);
    if (answer == nullptr) return false;
    const auto* const all = answer_of({line.row, Interest::all}, *multiplexer);
    // Said above already.
    if (all == nullptr || answer->outcome == Outcome::not_made) return false;
    if (line.interest == Interest::read) return !is_part_of(*answer, *all);
    return answer->outcome == Outcome::ready;
  });
}

}  // namespace

std::vector<Line> lines_of(const Survey& survey) {
  std::vector<Line> lines;
  for (const auto& row : survey.rows) {
    for (const auto interest : survey.interests) {
      const Line line{&row, interest};
      if (interest == Interest::all || survey.interests.size() == 1 ||
          says_something(line, survey.multiplexers)) {
        lines.push_back(line);
      }
    }
  }
  return lines;
}

std::string why_not_made(const Line& line) {
  const auto& answers = line.row->answers;
  const bool is_made = std::ranges::any_of(
      answers, [](const Answer& answer) { return answer.outcome != Outcome::not_made; });
  return answers.empty() || is_made ? std::string() : describe(answers.front());
}

std::string cell(const Line& line, const Multiplexer& multiplexer) {
  const auto* const answer = answer_of(line, multiplexer);
  return answer == nullptr ? std::string() : describe(*answer);
}

}  // namespace probe
