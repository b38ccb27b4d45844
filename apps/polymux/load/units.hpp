#pragma once

#include <cstdint>
#include <string>

namespace load {

/// `1,234,567`.
[[nodiscard]] std::string with_commas(std::uint64_t number);

/// As `%.*f`.
[[nodiscard]] std::string fixed(double number, int decimals);

/// Three digits that count and a unit: `412 us`, `1.52 ms`, `2.00 s`.
[[nodiscard]] std::string describe_nanoseconds(std::uint64_t value);

/// Three digits that count and a unit of 1,024: `812 B`, `7.53 MiB`.
[[nodiscard]] std::string describe_bytes(double bytes);

}  // namespace load
