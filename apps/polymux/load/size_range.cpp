#include "size_range.hpp"

#include <array>
#include <charconv>

namespace load {
namespace {

struct Unit {
  char letter;
  std::uint64_t bytes;
};

constexpr std::array<Unit, 3> units{
    {{'g', std::uint64_t{1} << 30}, {'m', std::uint64_t{1} << 20}, {'k', std::uint64_t{1} << 10}}};

// In either case; null if there is none.
const Unit* unit_of(char letter) {
  for (const auto& unit : units) {
    if (letter == unit.letter || letter == unit.letter - 'a' + 'A') return &unit;
  }
  return nullptr;
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
  std::uint64_t number = 0;
  const auto* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || number < 1 || number > SizeRange::most) return std::nullopt;
  if (stop == end) return number;
  const auto* const unit = unit_of(*stop);
  if (unit == nullptr || stop + 1 != end || number > SizeRange::most / unit->bytes) {
    return std::nullopt;
  }
  return number * unit->bytes;
}

std::string describe(std::uint64_t size) {
  for (const auto& unit : units) {
    if (size % unit.bytes == 0) return std::to_string(size / unit.bytes) + unit.letter;
  }
  return std::to_string(size);
}

}  // namespace

std::optional<SizeRange> parse_size_range(std::string_view text) {
  const auto dash = text.find('-');
  const auto least = parse_size(text.substr(0, dash));
  const auto greatest = dash == std::string_view::npos ? least : parse_size(text.substr(dash + 1));
  if (!least || !greatest || *least > *greatest) return std::nullopt;
  return SizeRange{.least = *least, .greatest = *greatest};
}

std::string to_string(const SizeRange& sizes) {
  if (sizes.least == sizes.greatest) return describe(sizes.least);
  return describe(sizes.least) + "-" + describe(sizes.greatest);
}

}  // namespace load
