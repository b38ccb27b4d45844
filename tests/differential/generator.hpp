#pragma once

#include <rapidcheck.h>

#include "tests/differential/sequence.hpp"

namespace polymux::differential {

/// What sequences are made of, for subjects that cannot take all of it.
struct Diet {
  /// Closed without remove, replaced numbers.
  bool has_misuse = true;
  /// Resets, refused connections, closed readers: what leaves an error.
  bool has_errors = true;
  /// Urgent data.
  bool has_urgent = true;
  /// Waits that more may be ready for than fits.
  bool has_small_buffers = true;
};

/// Random sequences: some channels are opened and registered, then anything may happen. They shrink
/// by leaving steps out, and then to simpler steps.
[[nodiscard]] rc::Gen<Sequence> sequences(const Diet& diet = {});

}  // namespace polymux::differential
