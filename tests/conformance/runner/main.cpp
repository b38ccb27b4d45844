#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <polymux/conformance.hpp>
#include <polymux/poller/registry.hpp>

#include "tests/conformance/runner/options.hpp"
#include "tests/conformance/runner/progress.hpp"
#include "tests/conformance/runner/reports.hpp"
#include "tests/conformance/runner/run_tests.hpp"
#include "tests/conformance/suite.hpp"

namespace polymux::conformance {
namespace {

constexpr int all_kept = 0;
constexpr int not_kept = 1;
constexpr const char* nothing_to_test = "there is nothing to test: no backend can be used here";

int complain(const std::string& message) {
  static_cast<void>(std::fputs(("polymux: " + message + "\n").c_str(), stderr));
  return not_kept;
}

bool is_written(std::FILE* file, std::string_view text) {
  return std::fwrite(text.data(), 1, text.size(), file) == text.size() && std::fflush(file) == 0;
}

int print(const std::string& text) {
  if (is_written(stdout, text)) return all_kept;
  return complain("cannot write to stdout: " + std::generic_category().message(errno));
}

/// A file that is open before the work begins: a wrong name is said at once.
class ReportFile {
 public:
  explicit ReportFile(const std::string& path)
      : path_(path), file_(std::fopen(path.c_str(), "w")) {}
  ReportFile(const ReportFile&) = delete;
  ReportFile& operator=(const ReportFile&) = delete;
  ~ReportFile() { close(); }

  [[nodiscard]] bool is_open() const { return file_ != nullptr; }
  [[nodiscard]] int write(const std::string& text) {
    const bool written = is_written(file_, text);
    return written && close() ? all_kept : complain_about();
  }
  [[nodiscard]] int complain_about() const {
    return complain("cannot write " + path_ + ": " + std::generic_category().message(errno));
  }

 private:
  bool close() {
    auto* const file = std::exchange(file_, nullptr);
    return file == nullptr || std::fclose(file) == 0;
  }

  std::string path_;
  std::FILE* file_;
};

void start_google_test(const char* name) {
  bring_in_rules();
  // It keeps the pointers.
  static std::string program = name;
  static char* arguments[] = {program.data(), nullptr};
  int count = 1;
  ::testing::InitGoogleTest(&count, arguments);
}

int run_in_this_process(int argc, const char* const* argv) {
  if (subjects().empty()) return complain(nothing_to_test);
  bring_in_rules();
  std::vector<std::string> words(argv, argv + argc);
  std::vector<char*> arguments;
  for (auto& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  ::testing::InitGoogleTest(&argc, arguments.data());
  return RUN_ALL_TESTS() == 0 ? all_kept : not_kept;
}

int list_rules(const Options& options) {
  std::string text;
  for (const auto& rule : all_rules()) {
    if (!is_chosen(rule.id, options.rules)) continue;
    text.append(rule.id).append("  ").append(rule.title) += "\n";
  }
  return print(text);
}

std::vector<std::string> chosen_subjects(const Options& options) {
  std::vector<std::string> chosen;
  for (const auto& subject : subjects()) {
    const auto& asked = options.subjects;
    if (asked.empty() || std::ranges::find(asked, subject.name) != asked.end()) {
      chosen.push_back(subject.name);
    }
  }
  return chosen;
}

std::vector<SuiteTest> chosen_tests(const Options& options,
                                    const std::vector<std::string>& subjects) {
  std::vector<SuiteTest> chosen;
  for (auto& test : suite_tests()) {
    if (!is_chosen(test.rule, options.rules)) continue;
    if (std::ranges::find(subjects, test.subject) == subjects.end()) continue;
    chosen.push_back(std::move(test));
  }
  return chosen;
}

/// Backends that polymux knows and this run would have, were they here.
std::vector<Missing> missing_backends(const Options& options) {
  const bool has_registered =
      std::ranges::any_of(subjects(), [](const auto& subject) { return !subject.backend.empty(); });
  if (!has_registered || !options.subjects.empty()) return {};
  std::vector<Missing> missing;
  for (const auto& status : available_backends()) {
    if (!status.is_available()) missing.push_back({std::string(status.name), status.reason});
  }
  return missing;
}

std::string written(const Report& report, Form form) {
  switch (form) {
    case Form::json:
      return as_json(report);
    case Form::markdown:
      return as_markdown(report);
    case Form::text:
      break;
  }
  return as_text(report);
}

/// \return false if it was interrupted.
bool fill(Table& table, const std::vector<SuiteTest>& tests, const Options& options) {
  Progress progress(tests.size() * options.repeats);
  const auto tell = [&](const auto& test, const auto& result) {
    table.add(test, result);
    progress.tell(test.subject, test.name, result.outcome);
  };
  for (std::size_t repeat = 0; repeat < options.repeats; ++repeat) {
    if (!run_tests(tests, options.jobs, tell)) return false;
  }
  return true;
}

int run(const Options& options) {
  std::optional<ReportFile> junit;
  if (!options.junit.empty()) junit.emplace(options.junit);
  if (junit && !junit->is_open()) return junit->complain_about();

  const auto names = chosen_subjects(options);
  const auto tests = chosen_tests(options, names);
  if (tests.empty()) return complain(nothing_to_test);
  Report report{system_info(), Table(names, options.repeats), missing_backends(options)};
  if (!fill(report.table, tests, options)) return complain("interrupted");
  if (print(written(report, options.form)) != all_kept) return not_kept;
  if (junit && junit->write(as_junit(report)) != all_kept) return not_kept;
  return report.table.has_failed() ? not_kept : all_kept;
}

}  // namespace

int main(int argc, const char* const* argv, std::string_view program) {
  const bool is_for_google_test = std::any_of(argv + 1, argv + argc, [](const char* word) {
    return std::string_view(word).starts_with("--gtest_");
  });
  try {
    if (is_for_google_test) return run_in_this_process(argc, argv);
    int exit_code = all_kept;
    const std::string name(program.empty() ? std::string_view(argv[0]) : program);
    const auto options = read_options(argc, argv, name, exit_code);
    if (!options) return exit_code;
    start_google_test(argv[0]);
    return options->lists_rules ? list_rules(*options) : run(*options);
  } catch (const std::exception& error) {
    return complain(error.what());
  }
}

}  // namespace polymux::conformance
