#include "apps/polymux/load/payload.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cctype>
#include <string>

namespace load {
namespace {

std::string upper(std::span<const char> bytes) {
  std::string text(bytes.begin(), bytes.end());
  for (auto& byte : text) {
    if (byte >= 'a' && byte <= 'z') byte = static_cast<char>(byte - 32);
  }
  return text;
}

TEST(Payload, EveryValueOfAByteIsSent) {
  const Payload payload(1);
  std::array<bool, 256> seen{};
  for (const char byte : payload.question(0, Payload::period)) {
    seen[static_cast<unsigned char>(byte)] = true;
  }

  for (std::size_t value = 0; value < seen.size(); ++value) EXPECT_TRUE(seen[value]) << value;
}

TEST(Payload, TheSeedDecides) {
  const auto start = [](std::uint64_t seed) {
    const Payload payload(seed);
    const auto piece = payload.question(0, 1000);
    return std::string(piece.begin(), piece.end());
  };

  EXPECT_EQ(start(1), start(1));
  EXPECT_NE(start(1), start(2));
}

TEST(Payload, AnswerIsTheQuestionInUpperCase) {
  const Payload payload(1);
  constexpr std::uint64_t period = Payload::period;
  for (const std::uint64_t position : {std::uint64_t{0}, period - 1, period, 1'000'003 * period}) {
    const auto question = payload.question(position, Payload::longest_piece);
    ASSERT_EQ(question.size(), Payload::longest_piece);

    EXPECT_TRUE(payload.is_answer(position, upper(question))) << position;
    EXPECT_FALSE(payload.first_wrong(position, upper(question))) << position;
    EXPECT_FALSE(payload.is_answer(position, question)) << position;
  }
}

TEST(Payload, PiecesFollowOnEachOther) {
  const Payload payload(1);
  const auto whole = payload.question(Payload::period - 521, 2'000);
  const auto second = payload.question(Payload::period + 179, 100);

  EXPECT_EQ(std::string(second.begin(), second.end()),
            std::string(whole.begin() + 700, whole.begin() + 800));
}

TEST(Payload, OneWrongByteIsFoundWhereverItIs) {
  const Payload payload(1);
  constexpr std::size_t size = 300;
  const auto right = upper(payload.question(40, size));
  for (std::size_t at = 0; at < size; ++at) {
    auto answer = right;
    answer[at] = static_cast<char>(answer[at] ^ 1);

    EXPECT_FALSE(payload.is_answer(40, answer));
    EXPECT_EQ(payload.first_wrong(40, answer), at);
  }
}

TEST(Payload, APieceOfAnotherPositionIsWrong) {
  const Payload payload(1);
  const auto answer = upper(payload.question(100, 64));
  for (std::uint64_t position = 0; position < Payload::period; ++position) {
    EXPECT_EQ(payload.is_answer(position, answer), position == 100) << position;
  }
}

}  // namespace
}  // namespace load
