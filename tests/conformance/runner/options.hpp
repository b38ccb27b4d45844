#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace polymux::conformance {

enum class Form { text, json, markdown };

struct Options {
  /// Names of subjects; all if empty.
  std::vector<std::string> subjects;
  /// Ids of rules, or of groups of them; all if empty.
  std::vector<std::string> rules;
  std::size_t repeats = 1;
  /// Tests at a time. They wait more than they work.
  std::size_t jobs = 4;
  Form form = Form::text;
  /// A file to write; none if empty.
  std::string junit;
  bool lists_rules = false;
};

/// Reads the command line. Prints the help, or what is wrong.
/// \return what is asked for, or nothing and the code to exit with.
[[nodiscard]] std::optional<Options> read_options(int argc, const char* const* argv,
                                                  std::string_view program, int& exit_code);

/// True if `rule` is ADD-3 and ADD-3 or ADD is asked for.
[[nodiscard]] bool is_chosen(std::string_view rule, const std::vector<std::string>& asked);

}  // namespace polymux::conformance
