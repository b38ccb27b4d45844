#include "payload.hpp"

#include <algorithm>

#include "random.hpp"

namespace load {
namespace {

// Not by the function of the server: who judges must not make the same mistake.
constexpr char upper(char byte) noexcept {
  return byte >= 'a' && byte <= 'z' ? static_cast<char>(byte - 'a' + 'A') : byte;
}

}  // namespace

Payload::Payload(std::uint64_t seed)
    : question_(period + longest_piece), answer_(question_.size()) {
  Random random(seed);
  for (std::size_t index = 0; index < question_.size(); ++index) {
    question_[index] =
        index < period ? static_cast<char>(random.next() >> 56) : question_[index - period];
  }
  std::ranges::transform(question_, answer_.begin(), upper);
}

std::optional<std::size_t> Payload::first_wrong(std::uint64_t position,
                                                std::span<const char> bytes) const noexcept {
  for (std::size_t index = 0; index < bytes.size(); ++index) {
    if (bytes[index] != answer_at(position + index)) return index;
  }
  return std::nullopt;
}

}  // namespace load
