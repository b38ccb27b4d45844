#include <memory>
#include <utility>

#include <polymux/polymux.hpp>

void run_under_faults(unsigned seed);

void run_under_faults(unsigned seed) {
  // The block.
  static_cast<void>(faults);
}
