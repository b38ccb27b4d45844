#pragma once

/// Ends each file of rules. A linker takes from an archive only what is asked for, and a file that
/// does no more than register its tests is asked for nothing: so each has a function to be called.
/// CMake writes the caller, from the list of files: one without this line does not link.
#define POLYMUX_SUITE_PART(file)   \
  namespace polymux::conformance { \
  void take_part_##file();         \
  void take_part_##file() {}       \
  } /* namespace polymux::conformance */

namespace polymux::conformance {

/// Brings every file of rules into the program.
void bring_in_rules();

}  // namespace polymux::conformance
