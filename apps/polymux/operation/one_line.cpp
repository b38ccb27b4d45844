#include <algorithm>

#include "apps/polymux/operation/log.hpp"

namespace operation {

std::string in_one_line(std::string_view message) {
  std::string line(message);
  std::ranges::replace_if(
      line, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; }, '?');
  return line;
}

}  // namespace operation
