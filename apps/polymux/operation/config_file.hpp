#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace operation {

/// A line of a configuration file: a name and what it is to be.
struct ConfigEntry {
  enum class Type : std::uint8_t { text, number, truth, texts };

  std::size_t line = 0;
  std::string key{};
  Type type = Type::text;
  /// One, or of an array any number.
  std::vector<std::string> values{};

  friend bool operator==(const ConfigEntry&, const ConfigEntry&) = default;
};

struct ConfigFile {
  std::vector<ConfigEntry> entries{};
  /// For people: the line, what is wrong there, and what would be right. Empty if nothing is.
  std::string message{};
};

/// Reads what of TOML 1.0 a list of options needs: `key = value`, where a value is a string, a
/// decimal number, true or false, or an array of strings, which may go over several lines; and
/// comments. What is TOML beyond that (tables, dates, other notations of numbers, strings of
/// several lines) is refused, not misread.
[[nodiscard]] ConfigFile read_config(std::string_view text);

/// The same, of a file of at most a MiB.
[[nodiscard]] ConfigFile read_config_file(const std::string& path);

}  // namespace operation
