#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <vector>

namespace load {

/// What is sent, and what has to come back: bytes without end that a seed decides, every value
/// among them, and the same in upper case. Any piece of either is there in memory, so that nothing
/// is made for a request and an answer is judged by one comparison.
///
/// They repeat after so many bytes as no buffer has, a prime: what is lost, doubled or another's
/// does not fit. Few enough to stay in a cache.
class Payload {
 public:
  static constexpr std::size_t period = 16'381;
  static constexpr std::size_t longest_piece = std::size_t{256} * 1024;

  explicit Payload(std::uint64_t seed);

  /// What is sent from `position` on: `most` bytes, or `longest_piece` if that is less.
  [[nodiscard]] std::span<const char> question(std::uint64_t position,
                                               std::uint64_t most) const noexcept {
    const auto size = most < longest_piece ? static_cast<std::size_t>(most) : longest_piece;
    return {question_.data() + position % period, size};
  }

  /// True if these bytes, at most `longest_piece`, are what has to come from `position` on.
  [[nodiscard]] bool is_answer(std::uint64_t position, std::span<const char> bytes) const noexcept {
    return std::memcmp(answer_.data() + position % period, bytes.data(), bytes.size()) == 0;
  }

  /// The answer to one byte.
  [[nodiscard]] char answer_at(std::uint64_t position) const noexcept {
    return answer_[position % period];
  }

  /// Index of the first byte that is not what has to come; empty if all are.
  [[nodiscard]] std::optional<std::size_t> first_wrong(std::uint64_t position,
                                                       std::span<const char> bytes) const noexcept;

 private:
  std::vector<char> question_;
  std::vector<char> answer_;
};

}  // namespace load
