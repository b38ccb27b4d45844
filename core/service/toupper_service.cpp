#include <polymux/service/toupper_service.hpp>

#include <cstddef>

namespace polymux {
namespace {

constexpr char to_upper(char c) noexcept {
  const auto byte = static_cast<unsigned char>(c);
  const bool is_lower = static_cast<unsigned char>(byte - 'a') < 26;
  return static_cast<char>(byte ^ (is_lower ? 0x20 : 0));
}
static_assert(to_upper('a') == 'A' && to_upper('z') == 'Z' && to_upper('`') == '`' &&
              to_upper('{') == '{' && to_upper('\xe4') == '\xe4');

// A count that is known when this is compiled lets GCC use vector registers at -O2 too.
template <std::size_t count>
std::span<char> convert_blocks(std::span<char> bytes) noexcept {
  while (bytes.size() >= count) {
    char* const block = bytes.data();
    for (std::size_t index = 0; index < count; ++index) block[index] = to_upper(block[index]);
    bytes = bytes.subspan(count);
  }
  return bytes;
}

}  // namespace

std::span<const char> ToupperService::answer(std::span<char> bytes) noexcept {
  convert_blocks<1>(convert_blocks<16>(convert_blocks<64>(bytes)));
  return bytes;
}

}  // namespace polymux
