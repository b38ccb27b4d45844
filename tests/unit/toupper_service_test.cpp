#include <gtest/gtest.h>

#include <numeric>
#include <polymux/service/toupper_service.hpp>
#include <string>
#include <vector>

namespace polymux {
namespace {

std::string expected(std::string text) {
  for (char& c : text) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return text;
}

TEST(ToupperService, EveryByteValueAsInLocaleC) {
  ToupperService service;
  std::string bytes(256, '\0');
  std::iota(bytes.begin(), bytes.end(), '\0');
  const auto wanted = expected(bytes);

  const auto answer = service.answer(bytes);

  EXPECT_EQ(std::string(answer.data(), answer.size()), wanted);
  EXPECT_EQ(answer.data(), bytes.data());
}

TEST(ToupperService, EveryLengthAtEveryOffset) {
  ToupperService service;
  std::string all(256, '\0');
  std::iota(all.begin(), all.end(), 'A');

  for (std::size_t offset = 0; offset < 32; ++offset) {
    for (std::size_t length = 0; length <= 200; ++length) {
      auto bytes = all;
      const std::span<char> part(bytes.data() + offset, length);
      const auto answer = service.answer(part);

      ASSERT_EQ(answer.size(), length);
      const auto wanted = all.substr(0, offset) + expected(all.substr(offset, length)) +
                          all.substr(offset + length);
      ASSERT_EQ(bytes, wanted) << offset << ' ' << length;
    }
  }
}

}  // namespace
}  // namespace polymux
