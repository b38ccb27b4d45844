// Which of these the processor has is asked at run time. Each function is compiled for its own
// instructions, and no other is: what is inline elsewhere stays as it is.
//
// AVX-512 is left out: 64 bytes at a time were no faster than 32 at any length (the cache has no
// more to give), and slower below 64.

#include <cpuid.h>
#include <immintrin.h>

#include <array>
#include <cstddef>

#include "platform/upper_case.hpp"

namespace polymux {
namespace {

// Bytes are compared as signed ones: moved by this much, 'a' is the least of all.
constexpr char to_least = static_cast<char>(0x80 - 'a');
constexpr char first_above = static_cast<char>(-0x80 + 26);
constexpr char bit_of_case = 0x20;

[[gnu::target("sse2")]] inline void convert_16(char* bytes) noexcept {
  auto* const place = reinterpret_cast<__m128i*>(bytes);
  const auto block = _mm_loadu_si128(place);
  const auto moved = _mm_add_epi8(block, _mm_set1_epi8(to_least));
  const auto is_lower = _mm_cmplt_epi8(moved, _mm_set1_epi8(first_above));
  _mm_storeu_si128(place,
                   _mm_xor_si128(block, _mm_and_si128(is_lower, _mm_set1_epi8(bit_of_case))));
}

[[gnu::target("sse2")]] std::span<const char> convert_sse2(std::span<char> bytes) noexcept {
  constexpr std::size_t width = 16;
  if (bytes.size() < width) return upper_case_portable(bytes);
  const auto last = bytes.size() - width;
  for (std::size_t done = 0; done < last; done += width) convert_16(bytes.data() + done);
  // What is in upper case already stays so: the last block may overlap the one before.
  convert_16(bytes.data() + last);
  return bytes;
}

[[gnu::target("avx2")]] inline void convert_32(char* bytes) noexcept {
  auto* const place = reinterpret_cast<__m256i*>(bytes);
  const auto block = _mm256_loadu_si256(place);
  const auto moved = _mm256_add_epi8(block, _mm256_set1_epi8(to_least));
  const auto is_lower = _mm256_cmpgt_epi8(_mm256_set1_epi8(first_above), moved);
  _mm256_storeu_si256(
      place, _mm256_xor_si256(block, _mm256_and_si256(is_lower, _mm256_set1_epi8(bit_of_case))));
}

[[gnu::target("avx2")]] std::span<const char> convert_avx2(std::span<char> bytes) noexcept {
  constexpr std::size_t width = 32;
  constexpr std::size_t stride = 4 * width;
  if (bytes.size() < width) return convert_sse2(bytes);
  auto* place = bytes.data();
  auto* const last = place + (bytes.size() - width);
  // A short message, by two blocks.
  if (bytes.size() <= 2 * width) {
    convert_32(place);
    convert_32(last);
    return bytes;
  }
  for (; last - place >= static_cast<std::ptrdiff_t>(stride); place += stride) {
    convert_32(place);
    convert_32(place + width);
    convert_32(place + 2 * width);
    convert_32(place + 3 * width);
  }
  for (; place < last; place += width) convert_32(place);
  convert_32(last);
  return bytes;
}

// The instruction itself, for the intrinsic wants a target of its own.
unsigned kept_registers() noexcept {
  unsigned low = 0;
  unsigned high = 0;
  asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return low;
}

struct Features {
  bool sse2 = false;
  bool avx2 = false;
};

// By cpuid itself: what the compilers offer for it needs a part of their library that is not linked
// everywhere. "Detection of AVX2" of Intel's manual, volume 1, 14.7.1: the processor has it, and
// the system keeps the registers.
Features detect() noexcept {
  unsigned a = 0;
  unsigned b = 0;
  unsigned c = 0;
  unsigned d = 0;
  if (__get_cpuid(1, &a, &b, &c, &d) == 0) return {};
  Features found{.sse2 = (d & bit_SSE2) != 0};
  constexpr unsigned needed = bit_OSXSAVE | bit_AVX;
  constexpr unsigned xmm_and_ymm = 0x6;
  const bool keeps = (c & needed) == needed && (kept_registers() & xmm_and_ymm) == xmm_and_ymm;
  if (keeps && __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0) found.avx2 = (b & bit_AVX2) != 0;
  return found;
}

}  // namespace

std::span<const UpperCaseWay> vector_upper_case_ways() noexcept {
  static const Features has = detect();
  static const std::array<UpperCaseWay, 2> ways{
      {{"avx2", convert_avx2, has.avx2}, {"sse2", convert_sse2, has.sse2}}};
  return ways;
}

}  // namespace polymux
