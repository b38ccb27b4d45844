#pragma once

#include <string>
#include <string_view>

namespace polymux {

/// True of an address that begins as `fd:3` does.
[[nodiscard]] bool names_inherited(std::string_view text) noexcept;

/// A descriptor that somebody else has opened, and that people write as `fd:3`.
struct InheritedSocket {
  int fd = -1;
  /// What is wrong, and what would be right. Empty if nothing is.
  std::string message{};
};

/// Reads such an address. Looks at no descriptor.
[[nodiscard]] InheritedSocket parse_inherited(std::string_view text);

}  // namespace polymux
