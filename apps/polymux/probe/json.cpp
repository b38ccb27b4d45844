#include <nlohmann/json.hpp>

#include "report.hpp"

namespace probe {
namespace {

using nlohmann::ordered_json;

// Counted up when a reader of the form before would misread it.
constexpr int form = 1;

ordered_json text_or_null(std::string_view text) {
  return text.empty() ? ordered_json(nullptr) : ordered_json(text);
}

ordered_json to_json(const System& system) {
  ordered_json json;
  json["name"] = system.name;
  json["release"] = system.release;
  json["version"] = system.version;
  json["machine"] = system.machine;
  return json;
}

ordered_json to_json(const Multiplexer& multiplexer) {
  ordered_json json;
  json["name"] = multiplexer.name;
  json["summary"] = multiplexer.summary;
  json["tells"] = to_string(multiplexer.telling);
  json["told_late"] = multiplexer.is_told_late;
  json["available"] = multiplexer.is_available();
  json["reason"] = text_or_null(multiplexer.opening->absent);
  return json;
}

ordered_json to_json(const Kind& kind) {
  ordered_json json;
  json["name"] = kind.name;
  json["summary"] = kind.summary;
  json["available"] = kind.is_available();
  json["reason"] = text_or_null(kind.making->absent);
  return json;
}

ordered_json to_json(const Answer& answer) {
  ordered_json json;
  json["multiplexer"] = answer.multiplexer->name;
  json["interest"] = to_string(answer.interest);
  json["outcome"] = to_string(answer.outcome);
  json["reports"] = answer.reports;
  json["refused_in_part"] = answer.refused_in_part;
  json["call"] = text_or_null(answer.call);
  json["error"] = text_or_null(answer.error);
  json["text"] = describe(answer);
  return json;
}

ordered_json to_json(const Row& row) {
  ordered_json json;
  json["kind"] = row.kind->name;
  json["situation"] = row.situation;
  json["meaning"] = meaning_of(row.situation);
  json["answers"] = ordered_json::array();
  for (const auto& answer : row.answers) json["answers"].push_back(to_json(answer));
  return json;
}

// One element a line: to be read, compared, and searched for by people too.
std::string lines_of(const ordered_json& array) {
  std::string text;
  for (const auto& element : array) text += (text.empty() ? "\n    " : ",\n    ") + element.dump();
  return "[" + text + "\n  ]";
}

std::string lines_of_members(const ordered_json& json) {
  std::string text;
  for (const auto& [name, value] : json.items()) {
    text += text.empty() ? "{\n" : ",\n";
    text += "  " + ordered_json(name).dump() + ": ";
    text += value.is_array() ? lines_of(value) : value.dump();
  }
  return text + "\n}\n";
}

}  // namespace

std::string as_json(const Survey& survey, const std::string& polymux_version) {
  ordered_json json;
  json["form"] = form;
  json["polymux"] = polymux_version;
  json["date"] = survey.system.date;
  json["system"] = to_json(survey.system);
  for (const auto* const name : {"multiplexers", "kinds", "rows"})
    json[name] = ordered_json::array();
  for (const auto* const one : survey.multiplexers) json["multiplexers"].push_back(to_json(*one));
  for (const auto* const one : survey.kinds) json["kinds"].push_back(to_json(*one));
  for (const auto& one : survey.rows) json["rows"].push_back(to_json(one));
  return lines_of_members(json);
}

}  // namespace probe
