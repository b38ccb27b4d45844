#pragma once

#include <string>
#include <vector>

#include "tests/conformance/runner/system_info.hpp"
#include "tests/conformance/runner/table.hpp"

namespace polymux::conformance {

/// A backend that has no column, and why.
struct Missing {
  std::string name;
  std::string reason;
};

/// All that a report tells.
struct Report {
  SystemInfo system;
  Table table;
  std::vector<Missing> missing;
};

/// For people: the table, why cells are not a plain pass, and the figures.
[[nodiscard]] std::string as_text(const Report& report);

/// For documents.
[[nodiscard]] std::string as_markdown(const Report& report);

/// For programs; docs/schemas/conformance.schema.json says what is in it.
[[nodiscard]] std::string as_json(const Report& report);

/// For what reads test results: a suite for each subject, a case for each test.
[[nodiscard]] std::string as_junit(const Report& report);

}  // namespace polymux::conformance
