#include "hand/methods.hpp"

namespace bench::hand {

void (*const chain_io_uring)(Run& run) = nullptr;
void (*const serve_io_uring)(Run& run) = nullptr;

bool has_io_uring() {
  return false;
}

}  // namespace bench::hand
