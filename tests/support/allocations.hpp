#pragma once

#include <cstddef>

namespace polymux::test {

/// Calls of operator new by this process so far. Counted in programs that link
/// polymux_test_allocations.
[[nodiscard]] std::size_t allocations() noexcept;

}  // namespace polymux::test
