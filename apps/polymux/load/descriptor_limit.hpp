#pragma once

#include <cstdint>
#include <string>

namespace load {

/// Raises this process's limit of open descriptors to `needed`, as far as the system lets it.
/// \return Why it does not go, with the limit; empty if it does.
[[nodiscard]] std::string allow_descriptors(std::uint64_t needed);

}  // namespace load
