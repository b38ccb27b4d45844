#include "datagram_number.hpp"

namespace load {
namespace {

// From space to underscore: 64 characters, none of them in lower case.
constexpr char first_digit = ' ';
constexpr int bits_of_a_digit = 6;
constexpr std::uint64_t digits = std::uint64_t{1} << bits_of_a_digit;

}  // namespace

void DatagramNumber::write(std::uint64_t number, std::span<char, size> bytes) noexcept {
  for (auto& byte : bytes) {
    byte = static_cast<char>(first_digit + static_cast<char>(number % digits));
    number >>= bits_of_a_digit;
  }
}

std::optional<std::uint64_t> DatagramNumber::read(std::span<const char> bytes) noexcept {
  if (bytes.size() < size) return std::nullopt;
  std::uint64_t number = 0;
  for (std::size_t index = size; index-- > 0;) {
    const auto digit = static_cast<unsigned char>(bytes[index] - first_digit);
    if (digit >= digits) return std::nullopt;
    number = number << bits_of_a_digit | digit;
  }
  return number;
}

}  // namespace load
