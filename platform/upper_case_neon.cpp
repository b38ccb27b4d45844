// Every 64-bit ARM has NEON: nothing to find out at run time.

#include <arm_neon.h>

#include <array>
#include <cstddef>
#include <cstdint>

#include "platform/upper_case.hpp"

namespace polymux {
namespace {

void convert_block(char* bytes) noexcept {
  auto* const place = reinterpret_cast<std::uint8_t*>(bytes);
  const auto block = vld1q_u8(place);
  const auto is_lower = vcltq_u8(vsubq_u8(block, vdupq_n_u8('a')), vdupq_n_u8(26));
  vst1q_u8(place, veorq_u8(block, vandq_u8(is_lower, vdupq_n_u8(0x20))));
}

std::span<const char> convert_neon(std::span<char> bytes) noexcept {
  constexpr std::size_t block = 16;
  if (bytes.size() < block) return upper_case_portable(bytes);
  const auto last = bytes.size() - block;
  for (std::size_t done = 0; done < last; done += block) convert_block(bytes.data() + done);
  // What is in upper case already stays so: the last block may overlap the one before.
  convert_block(bytes.data() + last);
  return bytes;
}

}  // namespace

std::span<const UpperCaseWay> vector_upper_case_ways() noexcept {
  static constexpr std::array<UpperCaseWay, 1> ways{{{"neon", convert_neon, true}}};
  return ways;
}

}  // namespace polymux
