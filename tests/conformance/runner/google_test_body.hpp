#pragma once

#include <string>

namespace polymux::conformance {

/// Runs one test, by the name that GoogleTest has for it, and prints what failed or why it does not
/// apply. For a child process: it takes GoogleTest's own printer away.
/// \return how an `IsolatedTest` ends.
[[nodiscard]] int run_google_test(const std::string& filter);

}  // namespace polymux::conformance
