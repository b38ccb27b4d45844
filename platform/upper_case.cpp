#include "platform/upper_case.hpp"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>

namespace polymux {
namespace {

constexpr std::uint64_t each(std::uint8_t byte) noexcept {
  return 0x0101'0101'0101'0101U * byte;
}

// Eight bytes side by side. Without its top bit no byte is above 127, and none of these sums
// carries into the byte beside it: the top bit of a sum says that the byte is at least so great.
constexpr std::uint64_t upper_case_word(std::uint64_t word) noexcept {
  constexpr auto top = each(0x80);
  const auto low = word & ~top;
  const auto from_a = low + each(0x80 - 'a');
  const auto past_z = low + each(0x80 - 'z' - 1);
  const auto is_lower = (from_a & ~past_z) & ~word & top;
  return word ^ (is_lower >> 2);
}
static_assert(upper_case_word(0x61'7a'60'7b'e1'fa'41'00U) == 0x41'5a'60'7b'e1'fa'41'00U);

constexpr char upper_case_byte(char byte) noexcept {
  return byte >= 'a' && byte <= 'z' ? static_cast<char>(byte ^ 0x20) : byte;
}

std::span<const char> choose_and_convert(std::span<char> bytes) noexcept;

// Not chosen before main: whoever converts in a constructor of a global is served as well.
constinit std::atomic<UpperCase> chosen{choose_and_convert};

UpperCase choose() noexcept {
  for (const auto& way : vector_upper_case_ways()) {
    if (way.is_usable) return way.convert;
  }
  return upper_case_portable;
}

std::span<const char> choose_and_convert(std::span<char> bytes) noexcept {
  const auto convert = choose();
  chosen.store(convert, std::memory_order_relaxed);
  return convert(bytes);
}

}  // namespace

std::span<const char> upper_case_portable(std::span<char> bytes) noexcept {
  auto rest = bytes;
  for (; rest.size() >= sizeof(std::uint64_t); rest = rest.subspan(sizeof(std::uint64_t))) {
    std::uint64_t word = 0;
    std::memcpy(&word, rest.data(), sizeof word);
    word = upper_case_word(word);
    std::memcpy(rest.data(), &word, sizeof word);
  }
  std::transform(rest.begin(), rest.end(), rest.begin(), upper_case_byte);
  return bytes;
}

std::span<const char> to_upper_case(std::span<char> bytes) noexcept {
  return chosen.load(std::memory_order_relaxed)(bytes);
}

}  // namespace polymux
