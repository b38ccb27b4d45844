#include "tests/conformance/runner/google_test_body.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <string_view>

#include "tests/conformance/runner/isolated_test.hpp"

namespace polymux::conformance {
namespace {

std::string_view without_trace(std::string_view text) {
  // What it tells is the name of backend and rule, which the report gives anyway.
  text = text.substr(0, text.find("Google Test trace:"));
  return text.substr(0, text.find_last_not_of(" \n") + 1);
}

std::string_view file_name(const char* path) {
  const std::string_view text = path == nullptr ? "" : path;
  return text.substr(text.rfind('/') + 1);
}

/// Says what failed, or why a test does not apply, and nothing else.
class Witness : public ::testing::EmptyTestEventListener {
 public:
  void OnTestPartResult(const ::testing::TestPartResult& part) override {
    if (part.passed()) return;
    (part.skipped() ? is_skipped_ : is_failed_) = true;
    std::string line;
    if (!part.skipped()) {
      line.append(file_name(part.file_name())) += ":" + std::to_string(part.line_number()) + ": ";
    }
    line.append(without_trace(part.message())) += "\n";
    static_cast<void>(std::fwrite(line.data(), 1, line.size(), stdout));
    static_cast<void>(std::fflush(stdout));
  }
  [[nodiscard]] int exit_code() const {
    if (is_failed_) return exit_failed;
    return is_skipped_ ? exit_not_applicable : exit_passed;
  }

 private:
  bool is_failed_ = false;
  bool is_skipped_ = false;
};

#ifdef GTEST_FLAG_SET
#define POLYMUX_SET_GTEST_FLAG(name, value) GTEST_FLAG_SET(name, value)
#else
#define POLYMUX_SET_GTEST_FLAG(name, value) static_cast<void>(::testing::GTEST_FLAG(name) = (value))
#endif

}  // namespace

int run_google_test(const std::string& filter) {
  POLYMUX_SET_GTEST_FLAG(filter, filter);
  POLYMUX_SET_GTEST_FLAG(output, "");
  POLYMUX_SET_GTEST_FLAG(repeat, 1);
  POLYMUX_SET_GTEST_FLAG(also_run_disabled_tests, false);
  auto& google = *::testing::UnitTest::GetInstance();
  auto& listeners = google.listeners();
  delete listeners.Release(listeners.default_result_printer());
  auto* const witness = new Witness;
  listeners.Append(witness);  // which owns it
  const int failed = RUN_ALL_TESTS();
  if (google.test_to_run_count() != 1) {
    std::puts("the test is not there");
    return exit_failed;
  }
  return failed != 0 ? exit_failed : witness->exit_code();
}

}  // namespace polymux::conformance
