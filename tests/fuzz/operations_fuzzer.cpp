// Bytes as a sequence of operations, played to every backend that can be used here.

#include <cstdlib>
#include <iostream>

#include "tests/differential/player.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace polymux::differential;
  static const auto backends = usable_backends();
  const auto sequence = to_sequence({data, size}, true);
  for (const auto& backend : backends) {
    const auto wrong = play(subject_of(backend), sequence);
    if (wrong.empty()) continue;
    std::cerr << backend << ", " << wrong << "\n" << to_test(sequence);
    std::abort();
  }
  return 0;
}
