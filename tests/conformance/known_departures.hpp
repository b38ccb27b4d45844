#pragma once

#include <string_view>
#include <vector>

#include <polymux/conformance.hpp>

namespace polymux::conformance {

/// The lists of exceptions that the build applies to a backend; CMake writes the function.
[[nodiscard]] std::vector<Departure> known_departures(std::string_view backend);

}  // namespace polymux::conformance
