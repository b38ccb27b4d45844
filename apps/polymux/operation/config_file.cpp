#include "apps/polymux/operation/config_file.hpp"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>

namespace operation {
namespace {

using Type = ConfigEntry::Type;

constexpr std::size_t longest_file = std::size_t{1} << 20;

bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

// Of a bare key (TOML 1.0.0, Keys).
bool is_key_character(char c) noexcept {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
}

// Digits, one point between digits, a sign before: neither 1e3 nor 0x10 nor 007 nor 1_000.
bool is_number(std::string_view text) noexcept {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  const auto point = text.find('.');
  const auto whole = text.substr(0, point);
  const auto are_digits = [](std::string_view part) {
    return !part.empty() && std::ranges::all_of(part, is_digit);
  };
  if (!are_digits(whole) || (whole.size() > 1 && whole.front() == '0')) return false;
  return point == std::string_view::npos || are_digits(text.substr(point + 1));
}

/// Thrown within this file alone.
struct Wrong {
  std::string what;
};

class Reader {
 public:
  explicit Reader(std::string_view text) noexcept : text_(text) {}

  [[nodiscard]] std::size_t line() const noexcept { return line_; }

  [[nodiscard]] std::vector<ConfigEntry> read() {
    std::vector<ConfigEntry> entries;
    for (skip_to_next(); !is_at_end(); skip_to_next()) {
      entries.push_back(read_entry());
      const auto& key = entries.back().key;
      if (std::ranges::count(entries, key, &ConfigEntry::key) > 1) {
        throw Wrong{"'" + key + "' is there a second time"};
      }
    }
    return entries;
  }

 private:
  [[nodiscard]] bool is_at_end() const noexcept { return at_ == text_.size(); }
  [[nodiscard]] char peek() const noexcept { return is_at_end() ? '\0' : text_[at_]; }

  char take() noexcept {
    const char c = text_[at_++];
    if (c == '\n') ++line_;
    return c;
  }

  void skip_blanks() noexcept {
    while (peek() == ' ' || peek() == '\t') ++at_;
  }

  void skip_comment() noexcept {
    if (peek() != '#') return;
    while (!is_at_end() && peek() != '\n') ++at_;
  }

  /// Over blanks, comments and ends of lines.
  void skip_to_next() noexcept {
    for (;;) {
      skip_blanks();
      skip_comment();
      if (text_.substr(at_).starts_with("\r\n")) ++at_;
      if (peek() != '\n') return;
      take();
    }
  }

  void expect_end_of_line() {
    skip_blanks();
    skip_comment();
    if (text_.substr(at_).starts_with("\r\n")) ++at_;
    if (is_at_end()) return;
    if (peek() != '\n') throw Wrong{"something follows the value; write one 'key = value' a line"};
    take();
  }

  [[nodiscard]] ConfigEntry read_entry() {
    if (peek() == '[') {
      throw Wrong{"this file has no tables; write 'key = value' without a line like [serve]"};
    }
    ConfigEntry entry{.line = line_};
    while (is_key_character(peek())) entry.key += take();
    skip_blanks();
    if (entry.key.empty() || peek() != '=') {
      throw Wrong{"this is not 'key = value', as in: idle-timeout = 60"};
    }
    take();
    skip_blanks();
    read_value(entry);
    expect_end_of_line();
    return entry;
  }

  void read_value(ConfigEntry& entry) {
    if (peek() == '[') {
      entry.type = Type::texts;
      return read_array(entry.values);
    }
    if (peek() == '"' || peek() == '\'') {
      entry.values.push_back(read_text());
      return;
    }
    std::string word;
    while (!is_at_end() && std::string_view(" \t\r\n#").find(peek()) == std::string_view::npos) {
      word += take();
    }
    if (word == "true" || word == "false") {
      entry.type = Type::truth;
    } else if (is_number(word)) {
      entry.type = Type::number;
    } else {
      throw Wrong{"'" + word + "' is neither a number as 60 or 2.5, nor true, nor false, nor a " +
                  "string in quotation marks"};
    }
    entry.values.push_back(std::move(word));
  }

  void read_array(std::vector<std::string>& values) {
    take();
    for (skip_to_next(); peek() != ']'; skip_to_next()) {
      if (peek() != '"' && peek() != '\'') {
        throw Wrong{R"(an array has strings alone, with commas between, as ["a", "b"])"};
      }
      values.push_back(read_text());
      skip_to_next();
      if (peek() == ',') {
        take();
      } else if (peek() != ']') {
        throw Wrong{"an array ends with ']', and has a comma between any two strings"};
      }
    }
    take();
  }

  [[nodiscard]] std::string read_text() {
    const char quote = take();
    std::string text;
    for (;;) {
      if (is_at_end() || peek() == '\n') {
        throw Wrong{"a string does not end in its line"};
      }
      const char c = take();
      if (c == quote) break;
      text += c == '\\' && quote == '"' ? read_escape() : c;
    }
    if (text.empty() && peek() == quote) throw Wrong{"a string of several lines is not read here"};
    return text;
  }

  [[nodiscard]] char read_escape() {
    const char c = is_at_end() ? '\0' : take();
    if (c == '"' || c == '\\') return c;
    if (c == 't') return '\t';
    throw Wrong{
        R"(only \", \\ and \t stand for something after a backslash; 'single' quotation marks take it as it is)"};
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
};

}  // namespace

ConfigFile read_config(std::string_view text) {
  Reader reader(text);
  try {
    return {.entries = reader.read()};
  } catch (const Wrong& wrong) {
    return {.message = "line " + std::to_string(reader.line()) + ": " + wrong.what};
  }
}

ConfigFile read_config_file(const std::string& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::string text(longest_file + 1, '\0');
  if (file) file.read(text.data(), static_cast<std::streamsize>(text.size()));
  // A folder can be opened, and not read.
  if (!file.is_open() || file.bad() || (file.fail() && !file.eof())) {
    const auto error = std::error_code(errno != 0 ? errno : EIO, std::generic_category());
    return {.message = "cannot be read: " + error.message()};
  }
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > longest_file) return {.message = "has more than a MiB, and is no such file"};
  return read_config(text);
}

}  // namespace operation
