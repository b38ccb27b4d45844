// What is printed of a sequence is code that makes the same sequence.

#include "tests/differential/sequence.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <set>
#include <string_view>

namespace polymux::differential {
namespace {

struct Pasted {
  Sequence sequence;
  std::string_view code;
};

// The compiler reads the very text that the printer is held against.
#define POLYMUX_PASTED(code) \
  Pasted {                   \
    code, #code              \
  }

std::string without_spaces(std::string_view text) {
  std::string rest(text);
  std::erase_if(rest, [](unsigned char c) { return std::isspace(c) != 0; });
  return rest;
}

// Every verb, kind, interest and trigger, and values that no enumeration has.
Pasted everything() {
  return POLYMUX_PASTED(Sequence()
                            .open(0, Kind::socket_pair)
                            .open(1, Kind::pipe)
                            .open(2, Kind::fifo)
                            .open(3, Kind::regular_file)
                            .open(4, Kind::null_device)
                            .open(5, Kind::udp)
                            .open(0, Kind::tcp)
                            .open(1, Kind::terminal)
                            .open(2, Kind::listener)
                            .open(3, Kind::refused)
                            .connect(2)
                            .accept(2)
                            .write(near(0), 7)
                            .read(far(0), 3)
                            .fill(copy_of(near(5)))
                            .drain(copy_of(far(4)))
                            .half_close(near(1))
                            .send_urgent(near(2))
                            .take_urgent(far(3))
                            .duplicate(near(4))
                            .replace(near(0), copy_of(far(5)))
                            .add(near(0), Interest::none)
                            .add(near(1), Interest::read, Trigger::edge)
                            .add(far(2), Interest::write, Trigger::oneshot)
                            .add(far(3), Interest::priority, Trigger{9})
                            .modify(near(0), Interest::read | Interest::write | Interest::priority)
                            .modify(near(0), Interest{64})
                            .remove(near(0))
                            .wait(0)
                            .wait_briefly(3)
                            .wait_long(16)
                            .wake()
                            .close(near(0))
                            .close_without_remove(near(1))
                            .reset(far(2)));
}

TEST(Sequence, PrintsTheCodeThatMakesIt) {
  const auto pasted = everything();

  EXPECT_EQ(without_spaces(to_code(pasted.sequence)), without_spaces(pasted.code));
}

TEST(Sequence, TheExampleAboveHasEveryVerb) {
  std::set<Verb> seen;
  const auto pasted = everything();
  for (const auto& operation : pasted.sequence.operations()) seen.insert(operation.verb);

  EXPECT_EQ(seen.size(), static_cast<std::size_t>(verbs));
}

TEST(Sequence, ATestIsPrintedWhole) {
  EXPECT_EQ(to_test(Sequence().open(0, Kind::pipe).add(near(0), Interest::read).wait(1)),
            "TEST(Regression, GiveItAName) {\n"
            "  EXPECT_EQ(play_everywhere(Sequence()\n"
            "        .open(0, Kind::pipe)\n"
            "        .add(near(0), Interest::read)\n"
            "        .wait(1)),\n"
            "            \"\");\n"
            "}\n");
}

TEST(Sequence, AnyBytesAreOne) {
  std::array<std::uint8_t, 1024> bytes{};
  for (std::size_t index = 0; index < bytes.size(); ++index) {
    bytes.at(index) = static_cast<std::uint8_t>(index * 37 % 251);
  }

  EXPECT_EQ(to_sequence({}, true).operations().size(), 0U);
  EXPECT_EQ(to_sequence(std::span(bytes).first(11), true).operations().size(), 2U);
  // Longer input is cut, so that no input takes a fuzzer's time.
  EXPECT_EQ(to_sequence(bytes, false).operations().size(), 64U);
  const auto cheap = to_sequence(bytes, true);
  EXPECT_TRUE(std::ranges::all_of(cheap.operations(), [](const Operation& operation) {
    return operation.kind < Kind::udp && operation.place.index < places;
  }));
}

}  // namespace
}  // namespace polymux::differential
