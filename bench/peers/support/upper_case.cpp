#include "upper_case.hpp"

namespace bench {

void upper_case(char* bytes, std::size_t count) noexcept {
  for (std::size_t index = 0; index < count; ++index) {
    const auto byte = static_cast<unsigned char>(bytes[index]);
    const unsigned char is_lower = static_cast<unsigned char>(byte - 'a') < 26;
    bytes[index] = static_cast<char>(byte ^ (is_lower << 5));
  }
}

}  // namespace bench
