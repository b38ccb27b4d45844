#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "random.hpp"

namespace load {

/// How many bytes a request has: always as many, or any number of a range, each as likely.
struct SizeRange {
  static constexpr std::uint64_t most = std::uint64_t{1} << 30;

  std::uint64_t least = 64;
  std::uint64_t greatest = 64;

  [[nodiscard]] std::uint64_t draw(Random& random) const noexcept {
    return least == greatest ? least : least + random.below(greatest - least + 1);
  }

  friend bool operator==(const SizeRange&, const SizeRange&) = default;
};

/// Reads `64`, `16k`, `1-65536` or `512-1m`; k, m and g are 1,024 times as much each. Empty if it
/// is none of these, or not from 1 to `SizeRange::most`.
[[nodiscard]] std::optional<SizeRange> parse_size_range(std::string_view text);

/// As it was written, as far as a whole unit goes: `64`, `16k`, `1-64k`.
[[nodiscard]] std::string to_string(const SizeRange& sizes);

}  // namespace load
