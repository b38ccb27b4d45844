#include <span>
#include <system_error>

#include "backends/support/checked_poller.hpp"

namespace polymux {

// The block.

}  // namespace polymux
