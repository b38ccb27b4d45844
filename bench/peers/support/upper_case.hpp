#pragma once

#include <cstddef>

namespace bench {

/// The transformation that every server but polymux's uses: the plain loop, as the compiler makes
/// vector code of it for the processors that it is told to support.
void upper_case(char* bytes, std::size_t count) noexcept;

}  // namespace bench
