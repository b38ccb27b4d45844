#pragma once

#include <optional>
#include <string_view>

namespace operation {

/// Reads three or four octal digits, as `0660`: rights to read, write and execute and no others.
[[nodiscard]] std::optional<unsigned> parse_mode(std::string_view text) noexcept;

/// Gives the files that this process makes from now on, sockets among them, exactly these rights:
/// bind(2) makes a socket's file with all of them but those of the umask, so that at no moment it
/// has more.
void make_files_with(unsigned mode) noexcept;

}  // namespace operation
