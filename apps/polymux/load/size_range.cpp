#include "size_range.hpp"

#include <charconv>

namespace load {
namespace {

// Of the unit that a letter names; zero for another letter.
std::uint64_t bytes_of(char unit) {
  switch (unit) {
    case 'k':
    case 'K':
      return std::uint64_t{1} << 10;
    case 'm':
    case 'M':
      return std::uint64_t{1} << 20;
    case 'g':
    case 'G':
      return std::uint64_t{1} << 30;
    default:
      return 0;
  }
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
  std::uint64_t number = 0;
  const auto* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || number < 1 || number > SizeRange::most) return std::nullopt;
  if (stop == end) return number;
  const auto unit = bytes_of(*stop);
  if (unit == 0 || stop + 1 != end || number > SizeRange::most / unit) return std::nullopt;
  return number * unit;
}

std::string describe(std::uint64_t size) {
  for (const char unit : {'g', 'm', 'k'}) {
    if (size % bytes_of(unit) == 0) return std::to_string(size / bytes_of(unit)) + unit;
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
