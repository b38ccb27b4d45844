#include "tests/differential/sequence.hpp"

#include <algorithm>

namespace polymux::differential {
namespace {

Operation at(Verb verb, Place place) {
  return {.verb = verb, .place = place};
}

Operation with(Verb verb, Place place, int amount) {
  return {.verb = verb, .place = place, .amount = static_cast<std::uint8_t>(amount)};
}

// Longer ones say nothing that shorter ones do not, and cost a fuzzer its speed.
constexpr std::size_t longest = 64;
constexpr std::size_t bytes_of_step = 4;

// Three channels are enough for what is played without an end.
Place to_cheap_place(int value) {
  constexpr int few = 6;
  const int index = value % (2 * few);
  return {static_cast<std::uint8_t>(index < few ? index : ends + index - few)};
}

Operation to_operation(std::span<const std::uint8_t> bytes, bool cheap) {
  const int kinds_in_use = cheap ? static_cast<int>(Kind::udp) : kinds;
  const auto low = [&](std::size_t index, int values) {
    return static_cast<std::uint8_t>(bytes[index] % values);
  };
  Operation operation;
  operation.verb = static_cast<Verb>(low(0, verbs));
  operation.place = cheap ? to_cheap_place(bytes[1]) : Place{low(1, places)};
  operation.other = cheap ? to_cheap_place(bytes[2]) : Place{low(2, places)};
  operation.kind = static_cast<Kind>(low(2, kinds_in_use));
  operation.amount = low(3, 64);
  operation.interest = static_cast<Interest>(low(2, 9));
  operation.trigger = static_cast<Trigger>(low(3, 4));
  if (operation.verb >= Verb::wait) operation.amount = low(3, 20);
  return operation;
}

}  // namespace

Sequence& Sequence::append(const Operation& operation) {
  operations_.push_back(operation);
  return *this;
}

Sequence& Sequence::open(int channel, Kind kind) {
  return append({.verb = Verb::open, .place = near(channel), .kind = kind});
}
Sequence& Sequence::connect(int channel) {
  return append(at(Verb::connect, near(channel)));
}
Sequence& Sequence::accept(int channel) {
  return append(at(Verb::accept, near(channel)));
}
Sequence& Sequence::write(Place place, int bytes) {
  return append(with(Verb::write, place, bytes));
}
Sequence& Sequence::read(Place place, int bytes) {
  return append(with(Verb::read, place, bytes));
}
Sequence& Sequence::fill(Place place) {
  return append(at(Verb::fill, place));
}
Sequence& Sequence::drain(Place place) {
  return append(at(Verb::drain, place));
}
Sequence& Sequence::half_close(Place place) {
  return append(at(Verb::half_close, place));
}
Sequence& Sequence::send_urgent(Place place) {
  return append(at(Verb::send_urgent, place));
}
Sequence& Sequence::take_urgent(Place place) {
  return append(at(Verb::take_urgent, place));
}
Sequence& Sequence::duplicate(Place place) {
  return append(at(Verb::duplicate, place));
}
Sequence& Sequence::replace(Place place, Place by) {
  return append({.verb = Verb::replace, .place = place, .other = by});
}
Sequence& Sequence::close(Place place) {
  return append(at(Verb::close, place));
}
Sequence& Sequence::close_without_remove(Place place) {
  return append(at(Verb::close_without_remove, place));
}
Sequence& Sequence::reset(Place place) {
  return append(at(Verb::reset, place));
}
Sequence& Sequence::add(Place place, Interest interest, Trigger trigger) {
  return append({.verb = Verb::add, .place = place, .interest = interest, .trigger = trigger});
}
Sequence& Sequence::modify(Place place, Interest interest, Trigger trigger) {
  return append({.verb = Verb::modify, .place = place, .interest = interest, .trigger = trigger});
}
Sequence& Sequence::remove(Place place) {
  return append(at(Verb::remove, place));
}
Sequence& Sequence::wait(int room) {
  return append(with(Verb::wait, {}, room));
}
Sequence& Sequence::wait_briefly(int room) {
  return append(with(Verb::wait_briefly, {}, room));
}
Sequence& Sequence::wait_long(int room) {
  return append(with(Verb::wait_long, {}, room));
}
Sequence& Sequence::wake() {
  return append(at(Verb::wake, {}));
}

std::string to_code(const Sequence& sequence) {
  std::string code = "Sequence()";
  for (const auto& operation : sequence.operations()) {
    code += "\n        " + to_code(operation);
  }
  return code;
}

std::string to_test(const Sequence& sequence) {
  return "TEST(Regression, GiveItAName) {\n  EXPECT_EQ(play_everywhere(" + to_code(sequence) +
         "),\n            \"\");\n}\n";
}

Sequence to_sequence(std::span<const std::uint8_t> bytes, bool cheap) {
  std::vector<Operation> operations;
  while (bytes.size() >= bytes_of_step && operations.size() < longest) {
    operations.push_back(to_operation(bytes.first(bytes_of_step), cheap));
    bytes = bytes.subspan(bytes_of_step);
  }
  return Sequence(std::move(operations));
}

}  // namespace polymux::differential
