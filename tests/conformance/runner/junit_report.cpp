#include <array>
#include <chrono>
#include <cstdio>
#include <string>
#include <string_view>

#include "tests/conformance/runner/reports.hpp"

namespace polymux::conformance {
namespace {

/// For attributes and text. XML 1.0 has no place for most control characters.
std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      case '\n':
        result += "&#10;";
        break;
      case '\t':
        result += "&#9;";
        break;
      default:
        result += static_cast<unsigned char>(c) < ' ' ? '?' : c;
    }
  }
  return result;
}

std::string seconds(std::chrono::nanoseconds time) {
  std::array<char, 32> text{};
  const double value = std::chrono::duration<double>(time).count();
  const int size = std::snprintf(text.data(), text.size(), "%.3f", value);
  return {text.data(), static_cast<std::size_t>(size)};
}

std::string attribute(std::string_view name, const std::string& value) {
  return " " + std::string(name) + "=\"" + value + "\"";
}

std::string case_of(const std::string& subject, std::string_view rule, const TestResult& test) {
  std::string text = "    <testcase" +
                     attribute("classname", escaped(subject) + "." + escaped(rule)) +
                     attribute("name", escaped(test.name)) + attribute("time", seconds(test.took));
  const auto message = attribute("message", escaped(test.message));
  switch (test.outcome()) {
    case Outcome::passed:
      return text + "/>\n";
    case Outcome::failed:
      text += "><failure" + message + "/>";
      break;
    default:
      text += "><skipped" + message + "/>";
      break;
  }
  return text + "</testcase>\n";
}

struct Suite {
  std::string cases;
  std::size_t tests = 0;
  std::size_t failures = 0;
  std::size_t skipped = 0;
  std::chrono::nanoseconds took{};
};

Suite suite_of(const Table& table, const std::string& subject) {
  Suite suite;
  for (const auto& rule : table.rules()) {
    const auto* const cell = table.cell(rule.id, subject);
    if (cell == nullptr) continue;
    for (const auto& test : cell->tests) {
      suite.cases += case_of(subject, rule.id, test);
      ++suite.tests;
      suite.took += test.took;
      const auto outcome = test.outcome();
      if (outcome == Outcome::failed) {
        ++suite.failures;
      } else if (outcome != Outcome::passed) {
        ++suite.skipped;
      }
    }
  }
  return suite;
}

}  // namespace

std::string as_junit(const Report& report) {
  std::string text = R"(<?xml version="1.0" encoding="UTF-8"?>)"
                     "\n<testsuites>\n";
  for (const auto& subject : report.table.subjects()) {
    const auto suite = suite_of(report.table, subject);
    const auto system = escaped(report.system.name + " " + report.system.release);
    text += "  <testsuite" + attribute("name", "polymux conformance: " + escaped(subject)) +
            attribute("timestamp", report.system.date) + attribute("hostname", system) +
            attribute("tests", std::to_string(suite.tests)) +
            attribute("failures", std::to_string(suite.failures)) + attribute("errors", "0") +
            attribute("skipped", std::to_string(suite.skipped)) +
            attribute("time", seconds(suite.took)) + ">\n" + suite.cases + "  </testsuite>\n";
  }
  return text + "</testsuites>\n";
}

}  // namespace polymux::conformance
