#include "config_option.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "operation/config_file.hpp"

namespace {

using operation::ConfigEntry;
using Type = ConfigEntry::Type;

bool is_of_the_file(const std::string& name) {
  return name != "help" && name != "config";
}

std::string names_of(CLI::App& command) {
  std::string names;
  for (const auto* const option : command.get_options()) {
    for (const auto& name : option->get_lnames()) {
      if (is_of_the_file(name)) names.append(names.empty() ? "" : ", ").append(name);
    }
  }
  return names;
}

bool takes_number(const CLI::Option& option) {
  constexpr std::array<std::string_view, 3> units{"N", "SECONDS", "BYTES"};
  return std::ranges::count(units, option.get_type_name()) != 0;
}

bool takes_many(const CLI::Option& option) {
  return option.get_multi_option_policy() == CLI::MultiOptionPolicy::TakeAll;
}

/// Empty if it is of the type that the option takes.
std::string what_it_should_be(const CLI::Option& option, const ConfigEntry& entry) {
  const auto example = [&](const char* value) { return entry.key + " = " + value; };
  if (takes_number(option)) {
    return entry.type == Type::number ? "" : "a number, as in: " + example("60");
  }
  if (takes_many(option)) {
    if (entry.type == Type::text || entry.type == Type::texts) return "";
    return "a string or an array of strings, as in: " + example(R"(["127.0.0.1:8055"])");
  }
  return entry.type == Type::text ? "" : "a string, as in: " + example(R"("text")");
}

class ConfigFileError {
 public:
  explicit ConfigFileError(const std::string& path) : path_(path) {}

  [[noreturn]] void refuse(const std::string& what) const {
    throw CLI::ValidationError("--config " + path_, what);
  }
  [[noreturn]] void refuse(const ConfigEntry& entry, const std::string& what) const {
    refuse("line " + std::to_string(entry.line) + ": " + what);
  }

 private:
  const std::string& path_;
};

void apply(CLI::App& command, const ConfigEntry& entry, const ConfigFileError& error) {
  auto* const option =
      is_of_the_file(entry.key) ? command.get_option_no_throw("--" + entry.key) : nullptr;
  if (option == nullptr) {
    error.refuse(entry, "there is no option '" + entry.key + "', but: " + names_of(command));
  }
  const auto expected = what_it_should_be(*option, entry);
  if (!expected.empty()) error.refuse(entry, "'" + entry.key + "' takes " + expected);
  // Of the command line.
  if (option->count() != 0) return;
  try {
    for (const auto& value : entry.values) option->add_result(value);
    if (!entry.values.empty()) option->run_callback();
  } catch (const CLI::ParseError& wrong) {
    error.refuse(entry, wrong.what());
  }
}

}  // namespace

void apply_config_file(CLI::App& command, const std::string& path) {
  const ConfigFileError error(path);
  const auto file = operation::read_config_file(path);
  if (!file.message.empty()) error.refuse(file.message);
  for (const auto& entry : file.entries) apply(command, entry, error);
}
