#pragma once

#include <string>
#include <vector>

#include "options.hpp"
#include "run.hpp"

namespace load {

/// For people.
[[nodiscard]] std::string as_text(const Options& options, const Result& result);

/// One JSON document; its form is docs/schemas/load.schema.json.
[[nodiscard]] std::string as_json(const Options& options, const Result& result,
                                  const std::string& version);

/// Why the run is a failure, a sentence each. Empty if it is none: all that was asked was answered
/// rightly, but for datagrams that were lost.
[[nodiscard]] std::vector<std::string> complaints(const Options& options, const Result& result);

}  // namespace load
