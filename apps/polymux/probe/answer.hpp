#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "multiplexer.hpp"

namespace probe {

enum class Outcome : unsigned char {
  ready,    ///< it says something
  nothing,  ///< it says nothing
  refused,  ///< it does not take the descriptor
  failed,   ///< asking fails
  not_made  ///< the descriptor could not be brought into the situation
};
[[nodiscard]] std::string_view to_string(Outcome outcome) noexcept;

/// What a multiplexer says of a descriptor.
struct Answer {
  const Multiplexer* multiplexer = nullptr;
  Interest interest = Interest::all;
  Outcome outcome = Outcome::nothing;
  /// What successive looks say. Of a level one, a second look is here if it differs from the first;
  /// of the others, each that says something.
  std::vector<Flags> reports = {};
  /// What was refused while something else was taken: `WRITE: EPIPE`.
  Flags refused_in_part = {};
  /// The call that was refused or failed, and the name of its error. Where the outcome is `ready`,
  /// that is how the look after the reports ended.
  std::string call = {};
  std::string error = {};
};

/// As the tables show it: `IN|OUT`, `nothing`, `refused: EPERM`. RDNORM beside IN, and WRNORM and
/// WRBAND beside OUT, say no more than those, and are left out.
[[nodiscard]] std::string describe(const Answer& answer);

}  // namespace probe
