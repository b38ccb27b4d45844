#include "tests/differential/search.hpp"

#include <cstdlib>
#include <random>
#include <sstream>
#include <string_view>

namespace polymux::differential {

namespace {

// The greater part of a sequence has no more steps.
constexpr int longest_part = 50;

std::string to_report(const Subject& subject, const Search& search, const Finding& finding,
                      const std::string& wrong) {
  return subject.name + " diverged after " + std::to_string(finding.tally.sequences) +
         " sequences of seed " + std::to_string(search.seed) + " (" + std::string(seed_variable) +
         "=" + std::to_string(search.seed) + " finds it again).\nThe shortest that does, " + wrong +
         "\nFor tests/differential/regression_test.cpp:\n\n" + to_test(finding.shortest);
}

// What an emulation cannot answer as the kernel's own does.
Diet diet_of(const Subject& subject, Diet diet) {
  if (subject.is_emulated) {
    diet = {
        .has_misuse = false, .has_errors = false, .has_urgent = false, .has_small_buffers = false};
  }
  return diet;
}

std::uint64_t seed_of(const char* text) {
  if (std::string_view(text) == "random") return std::random_device{}();
  return std::strtoull(text, nullptr, 10);
}

}  // namespace

Finding search(const Subject& subject, const Search& search) {
  Finding finding;
  std::string wrong;
  const auto holds = [&](const Sequence& sequence) {
    auto answer = play(subject, sequence, &finding.tally);
    if (answer.empty()) return;
    // While shrinking, each that fails is shorter or simpler than the one before.
    wrong = answer;
    finding.shortest = sequence;
    RC_FAIL(answer);
  };
  rc::detail::TestParams parameters;
  parameters.seed = search.seed;
  parameters.maxSuccess = search.sequences;
  parameters.maxSize = longest_part;
  const auto generator = sequences(diet_of(subject, search.diet));
  const auto result =
      rc::detail::checkTestable([&] { holds(*generator); }, rc::detail::TestMetadata{}, parameters);
  if (result.is<rc::detail::SuccessResult>()) return finding;
  if (wrong.empty()) {
    // Nothing diverged: a system call of the harness failed, and RapidCheck caught what was thrown.
    std::ostringstream out;
    rc::detail::printResultMessage(result, out);
    finding.report = subject.name + ": " + out.str();
    return finding;
  }
  finding.report = to_report(subject, search, finding, wrong);
  return finding;
}

Search search_of_environment() {
  Search search;
  if (const char* count = std::getenv(count_variable)) {
    search.sequences = static_cast<int>(std::strtol(count, nullptr, 10));
  }
  if (const char* seed = std::getenv(seed_variable)) search.seed = seed_of(seed);
  return search;
}

}  // namespace polymux::differential
