#pragma once

#include <cstdint>
#include <string>

#include "tests/differential/generator.hpp"
#include "tests/differential/player.hpp"

namespace polymux::differential {

struct Finding {
  /// What diverged, the seed, and the test to paste; empty if nothing did.
  std::string report;
  Sequence shortest;
  Tally tally;
};

struct Search {
  int sequences = 2000;
  std::uint64_t seed = 1;
  Diet diet{};
};

/// Plays random sequences until one diverges, and shrinks that one.
[[nodiscard]] Finding search(const Subject& subject, const Search& search);

/// A number of sequences.
inline constexpr const char* count_variable = "POLYMUX_DIFFERENTIAL_SEQUENCES";
/// A number, or `random`.
inline constexpr const char* seed_variable = "POLYMUX_DIFFERENTIAL_SEED";

/// How many sequences, and from which seed, by the environment.
[[nodiscard]] Search search_of_environment();

}  // namespace polymux::differential
