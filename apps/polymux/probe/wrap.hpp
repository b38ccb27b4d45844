#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace probe {

/// The text in lines of at most `width` characters, broken after a space, a comma or a bar where
/// there is one. An empty text is one empty line.
[[nodiscard]] std::vector<std::string> wrap(std::string_view text, std::size_t width);

/// The text, and spaces up to `width`.
[[nodiscard]] std::string padded(std::string_view text, std::size_t width);

/// Narrows columns, the widest first, until they fit. None gets narrower than a word, even if they
/// do not fit then.
/// \param room  For all of them together; zero for no bound.
[[nodiscard]] std::vector<std::size_t> fit(std::vector<std::size_t> wanted, std::size_t room);

}  // namespace probe
