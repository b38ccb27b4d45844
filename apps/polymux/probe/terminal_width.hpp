#pragma once

#include <cstddef>

namespace probe {

/// Columns of the terminal on standard output; 100 if it is none.
[[nodiscard]] std::size_t terminal_width() noexcept;

}  // namespace probe
