#include "units.hpp"

#include <array>
#include <cstddef>
#include <cstdio>

namespace load {
namespace {

std::string three_digits(double number) {
  constexpr double from_two_digits = 9.995;
  constexpr double from_three_digits = 99.95;
  if (number >= from_three_digits) return fixed(number, 0);
  return fixed(number, number >= from_two_digits ? 1 : 2);
}

}  // namespace

std::string with_commas(std::uint64_t number) {
  auto text = std::to_string(number);
  constexpr std::size_t group = 3;
  for (auto at = text.size(); at > group;) {
    at -= group;
    text.insert(at, 1, ',');
  }
  return text;
}

std::string fixed(double number, int decimals) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.*f", decimals, number);
  return text.data();
}

std::string describe_nanoseconds(std::uint64_t value) {
  static constexpr std::array<const char*, 4> units{"ns", "us", "ms", "s"};
  auto number = static_cast<double>(value);
  std::size_t unit = 0;
  // What would round to 1000 is one of the next unit.
  for (; unit + 1 < units.size() && number >= 999.5; ++unit) number /= 1000;
  return (unit == 0 ? fixed(number, 0) : three_digits(number)) + " " + units[unit];
}

std::string describe_bytes(double bytes) {
  static constexpr std::array<const char*, 5> units{"B", "KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  for (; unit + 1 < units.size() && bytes >= 1023.5; ++unit) bytes /= 1024;
  return (unit == 0 ? fixed(bytes, 0) : three_digits(bytes)) + " " + units[unit];
}

}  // namespace load
