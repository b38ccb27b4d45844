#pragma once

#include <string_view>

/// What the command says, and how it ends.
namespace console {

/// How the process ends (`polymux --help` names them too).
inline constexpr int success = 0;
inline constexpr int failure = 1;
inline constexpr int wrong_usage = 2;

/// Sees to it that the numbers 0 to 2 are taken: a socket that got one of them would be printed
/// into. And that a reader who goes away is an error of the write, not the end of the process.
void prepare() noexcept;

/// Says one line on stderr, after `polymux: `. Control characters come out as `?`.
void complain(std::string_view message) noexcept;

/// Prints text on stdout at once. If that fails, complains.
/// \return `success` or `failure`.
[[nodiscard]] int print(std::string_view text) noexcept;

}  // namespace console
