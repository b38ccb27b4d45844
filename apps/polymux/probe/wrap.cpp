#include "wrap.hpp"

#include <algorithm>
#include <numeric>

namespace probe {
namespace {

// As wide as `nothing`, with a separator.
constexpr std::size_t least_width = 8;

// Where the first line of a text that is too long ends.
std::size_t end_of_line(std::string_view text, std::size_t width) {
  const auto found = text.substr(0, width).find_last_of(" ,|");
  // A space at the break may hang over.
  if (text[width] == ' ') return width;
  return found == std::string_view::npos ? width : found + 1;
}

std::string_view without_spaces(std::string_view text) {
  const auto start = text.find_first_not_of(' ');
  if (start == std::string_view::npos) return {};
  return text.substr(start, text.find_last_not_of(' ') - start + 1);
}

}  // namespace

std::vector<std::string> wrap(std::string_view text, std::size_t width) {
  width = std::max<std::size_t>(width, 1);
  std::vector<std::string> lines;
  text = without_spaces(text);
  while (text.size() > width) {
    const auto end = end_of_line(text, width);
    lines.emplace_back(without_spaces(text.substr(0, end)));
    text = without_spaces(text.substr(end));
  }
  if (!text.empty() || lines.empty()) lines.emplace_back(text);
  return lines;
}

std::string padded(std::string_view text, std::size_t width) {
  std::string column(text);
  column.resize(std::max(width, column.size()), ' ');
  return column;
}

std::vector<std::size_t> fit(std::vector<std::size_t> wanted, std::size_t room) {
  if (room == 0 || wanted.empty()) return wanted;
  // Narrow the widest by one until it is enough: a table has few columns.
  while (std::accumulate(wanted.begin(), wanted.end(), std::size_t{0}) > room) {
    const auto widest = std::ranges::max_element(wanted);
    if (*widest <= least_width) break;
    --*widest;
  }
  return wanted;
}

}  // namespace probe
