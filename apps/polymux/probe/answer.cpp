#include "answer.hpp"

#include <algorithm>

namespace probe {
namespace {

bool has(const Flags& flags, std::string_view wanted) {
  return std::ranges::find(flags, wanted) != flags.end();
}

bool says_no_more(const std::string& flag, const Flags& flags) {
  if (flag == "RDNORM") return has(flags, "IN");
  return (flag == "WRNORM" || flag == "WRBAND") && has(flags, "OUT");
}

std::string describe(const Flags& flags, char separator) {
  std::string text;
  for (const auto& flag : flags) {
    if (says_no_more(flag, flags)) continue;
    if (!text.empty()) text += separator;
    text += flag;
  }
  return text.empty() ? "nothing" : text;
}

std::string describe_reports(const Answer& answer) {
  std::string text;
  for (const auto& report : answer.reports) {
    if (!text.empty()) text += ", then ";
    text += describe(report, answer.multiplexer->separator);
  }
  if (text.empty()) text = "nothing";
  if (!answer.error.empty()) text += ", then " + answer.error;
  for (const auto& part : answer.refused_in_part) text += "; refused " + part;
  return text;
}

}  // namespace

std::string_view to_string(Outcome outcome) noexcept {
  switch (outcome) {
    case Outcome::ready:
      return "ready";
    case Outcome::refused:
      return "refused";
    case Outcome::failed:
      return "failed";
    case Outcome::not_made:
      return "not_made";
    case Outcome::nothing:
      break;
  }
  return "nothing";
}

std::string describe(const Answer& answer) {
  switch (answer.outcome) {
    case Outcome::refused:
      return "refused: " + answer.error;
    case Outcome::failed:
      return "failed: " + answer.error;
    case Outcome::not_made:
      return "cannot be made: " + answer.call + ": " + answer.error;
    case Outcome::ready:
    case Outcome::nothing:
      break;
  }
  return describe_reports(answer);
}

}  // namespace probe
