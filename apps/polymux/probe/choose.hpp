#pragma once

#include <stdexcept>
#include <string>
#include <vector>

#include "survey.hpp"

namespace probe {

/// A name that nothing has. Says which ones there are.
class UnknownName : public std::invalid_argument {
 public:
  using std::invalid_argument::invalid_argument;
};

/// Names as the command line has them; where there is none, everything is meant.
struct Names {
  std::vector<std::string> kinds = {};
  std::vector<std::string> situations = {};
  std::vector<std::string> multiplexers = {};
  std::vector<std::string> interests = {};
};

/// What the names mean, in the order of the tables, each once. With situations named and kinds not,
/// only kinds that can be in one of them.
/// Throws UnknownName, also if no kind that is named can be in a situation that is named.
[[nodiscard]] Choice choose(const Names& names);

/// Everything that can be named, and what it means, for people to read.
[[nodiscard]] std::string list_of_names();

}  // namespace probe
