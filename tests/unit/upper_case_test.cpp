#include "platform/upper_case.hpp"

#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

namespace polymux {

// For messages.
static void PrintTo(const UpperCaseWay& way, std::ostream* out) {
  *out << way.name;
}

namespace {

constexpr std::size_t longest = 300;
// More than the widest vector, so that each block of each way begins everywhere.
constexpr std::size_t offsets = 65;

std::string expected(std::string text) {
  for (char& c : text) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return text;
}

/// Every byte value, again and again, beginning with `first`.
std::string bytes_from(std::size_t first) {
  std::string bytes(offsets + longest + offsets, '\0');
  for (std::size_t index = 0; index < bytes.size(); ++index) {
    bytes[index] = static_cast<char>((first + index) % 256);
  }
  return bytes;
}

std::vector<UpperCaseWay> all_ways() {
  std::vector<UpperCaseWay> ways{{"portable", upper_case_portable, true}};
  for (const auto& way : vector_upper_case_ways()) ways.push_back(way);
  return ways;
}

class UpperCaseTest : public ::testing::TestWithParam<UpperCaseWay> {
 protected:
  void SetUp() override {
    if (!GetParam().is_usable) GTEST_SKIP() << "this processor has no " << GetParam().name;
  }

  /// What comes of `text` where the bytes in [offset, offset + length) are converted.
  static std::string convert(std::string text, std::size_t offset, std::size_t length) {
    const std::span<char> part(text.data() + offset, length);
    const auto answer = GetParam().convert(part);
    EXPECT_EQ(answer.data(), part.data());
    EXPECT_EQ(answer.size(), part.size());
    return text;
  }

  static std::string wanted(const std::string& text, std::size_t offset, std::size_t length) {
    return text.substr(0, offset) + expected(text.substr(offset, length)) +
           text.substr(offset + length);
  }
};

TEST_P(UpperCaseTest, EveryLengthAtEveryOffsetAndNothingBesideIt) {
  const auto text = bytes_from('A');

  for (std::size_t offset = 0; offset < offsets; ++offset) {
    for (std::size_t length = 0; length <= longest; ++length) {
      ASSERT_EQ(convert(text, offset, length), wanted(text, offset, length))
          << offset << ' ' << length;
    }
  }
}

TEST_P(UpperCaseTest, EveryByteValueAtEveryPlaceOfABlock) {
  for (std::size_t first = 0; first < 256; ++first) {
    const auto text = bytes_from(first);
    for (const std::size_t length : {1U, 7U, 15U, 31U, 63U, 127U, 255U, 300U}) {
      ASSERT_EQ(convert(text, 0, length), wanted(text, 0, length)) << first << ' ' << length;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Ways, UpperCaseTest, ::testing::ValuesIn(all_ways()),
                         [](const auto& instance) { return std::string(instance.param.name); });

TEST(UpperCase, TheWayThatIsChosenDoesTheSame) {
  auto text = bytes_from(0);
  const auto wanted = expected(text);

  to_upper_case(text);
  to_upper_case(text);

  EXPECT_EQ(text, wanted);
}

}  // namespace
}  // namespace polymux
