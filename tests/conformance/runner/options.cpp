#include "tests/conformance/runner/options.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>
#include <cstdio>

#include <polymux/conformance.hpp>

#include "tests/conformance/runner/rules.hpp"

namespace polymux::conformance {
namespace {

std::string upper_case(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

std::string_view group_of(std::string_view rule) {
  return rule.substr(0, rule.find('-'));
}

std::string known_groups() {
  std::string groups;
  std::string_view last;
  for (const auto& rule : all_rules()) {
    if (group_of(rule.id) == last) continue;
    last = group_of(rule.id);
    groups.append(groups.empty() ? "" : ", ").append(last);
  }
  return groups;
}

// Empty if it is right; CLI11 prints what is not.
std::string why_no_rule(const std::string& text) {
  const auto asked = upper_case(text);
  const bool is_there = std::ranges::any_of(
      all_rules(), [&](const auto& rule) { return is_chosen(rule.id, {asked}); });
  if (is_there) return {};
  return "there is no rule or group '" + text + "'; the groups are " + known_groups() +
         ", and --list prints the rules";
}

std::string why_no_subject(const std::string& text) {
  std::string names;
  for (const auto& subject : subjects()) {
    if (subject.name == text) return {};
    names.append(names.empty() ? "" : ", ").append(subject.name);
  }
  return "'" + text + "' cannot be tested here; there are: " + names;
}

CLI::Option* add_count(CLI::App& app, const std::string& name, std::size_t& value, int greatest,
                       const std::string& description) {
  auto* const option = app.add_option(name, value, description);
  return option->check(CLI::Range(1, greatest))->type_name("N")->capture_default_str();
}

void add_options(CLI::App& app, Options& options) {
  app.add_option("--backend", options.subjects, "Only this one; may be given several times")
      ->type_name("NAME")
      ->check(why_no_subject);
  app.add_option("--rule", options.rules,
                 "Only this rule (ADD-3) or group of rules (ADD); may be given several times")
      ->type_name("ID")
      ->check(why_no_rule);
  add_count(app, "--repeat", options.repeats, 1'000'000, "Run the whole table so often");
  add_count(app, "--jobs", options.jobs, 1'000, "Tests at a time; they wait more than they work");
  auto* const json = app.add_flag_callback(
      "--json", [&options] { options.form = Form::json; }, "Print JSON; its form is stable");
  auto* const markdown = app.add_flag_callback(
      "--markdown", [&options] { options.form = Form::markdown; }, "Print a table in Markdown");
  json->excludes(markdown);
  app.add_option("--junit", options.junit, "Write a report in the form of JUnit, too")
      ->type_name("FILE");
  app.add_flag("--list", options.lists_rules, "Print the rules and run nothing");
}

}  // namespace

bool is_chosen(std::string_view rule, const std::vector<std::string>& asked) {
  return asked.empty() || std::ranges::any_of(asked, [&](const auto& one) {
           return one == rule || one == group_of(rule);
         });
}

std::optional<Options> read_options(int argc, const char* const* argv, std::string_view program,
                                    int& exit_code) {
  Options options;
  CLI::App app(
      "Run the rules of the contract against every backend of this very machine, each test in a "
      "process of its own, and print which hold",
      std::string(program));
  app.footer(
      "Each cell passes, fails, is n/a (the rule does not concern this backend) or known (a "
      "departure\nof what lies beneath the backend, listed with its reason).\n"
      "Exit code: 0 if every rule that applies is kept, 1 if one fails, 2 for wrong usage.");
  add_options(app, options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    static_cast<void>(std::fputs(app.help().c_str(), stdout));
    exit_code = 0;
    return std::nullopt;
  } catch (const CLI::ParseError& error) {
    const auto line =
        "polymux: " + std::string(error.what()) + "; see '" + std::string(program) + " --help'\n";
    static_cast<void>(std::fputs(line.c_str(), stderr));
    exit_code = 2;
    return std::nullopt;
  }
  std::ranges::transform(options.rules, options.rules.begin(), upper_case);
  return options;
}

}  // namespace polymux::conformance
