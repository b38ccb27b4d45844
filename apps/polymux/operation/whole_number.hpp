#pragma once

#include <charconv>
#include <optional>
#include <string_view>

namespace operation {

/// A decimal number and nothing else, from `least` to `greatest`.
template <class Number>
[[nodiscard]] std::optional<Number> parse_whole(std::string_view text, Number least,
                                                Number greatest) noexcept {
  Number number{};
  const auto* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || stop != end || number < least || number > greatest) {
    return std::nullopt;
  }
  return number;
}

}  // namespace operation
