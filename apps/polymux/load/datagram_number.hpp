#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace load {

/// Numbers a datagram in its first bytes, by characters that are the same in upper case.
struct DatagramNumber {
  static constexpr std::size_t size = 8;
  static constexpr std::uint64_t limit = std::uint64_t{1} << 48;

  static void write(std::uint64_t number, std::span<char, size> bytes) noexcept;
  /// Empty if that is no number.
  [[nodiscard]] static std::optional<std::uint64_t> read(std::span<const char> bytes) noexcept;
};

}  // namespace load
