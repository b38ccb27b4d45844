#include "apps/polymux/operation/unix_mode.hpp"

#include <sys/stat.h>

#include <charconv>

namespace operation {
namespace {

constexpr unsigned all_rights = 0777;

}  // namespace

std::optional<unsigned> parse_mode(std::string_view text) noexcept {
  if (text.size() < 3 || text.size() > 4) return std::nullopt;
  unsigned mode = 0;
  const auto* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, mode, 8);
  if (error != std::errc{} || stop != end || mode > all_rights) return std::nullopt;
  return mode;
}

void make_files_with(unsigned mode) noexcept {
  ::umask(static_cast<mode_t>(~mode & all_rights));
}

}  // namespace operation
