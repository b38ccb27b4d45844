#pragma once

#include <span>
#include <string_view>

namespace polymux::conformance {

/// One rule of docs/contract.md.
struct Rule {
  std::string_view id;
  std::string_view title;
};

/// All of them, in the order of the document, from which CMake writes the list.
[[nodiscard]] std::span<const Rule> all_rules();

}  // namespace polymux::conformance
