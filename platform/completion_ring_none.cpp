// Of systems without io_uring, and of builds without liburing.

#include "platform/completion_ring.hpp"

namespace polymux {

std::unique_ptr<CompletionRing> open_completion_ring(std::size_t /*piece*/, std::error_code& error,
                                                     Receiving /*receiving*/) {
  error = std::make_error_code(std::errc::function_not_supported);
  return nullptr;
}

}  // namespace polymux
