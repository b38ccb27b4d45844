#include "tests/differential/generator.hpp"

#include <utility>
#include <vector>

namespace polymux::differential {
namespace {

// Most steps meet on a few channels, where they have something to do with one another. Duplicates
// are there for a part of the time only.
rc::Gen<Place> any_place() {
  constexpr std::uint8_t busy = 6;
  const auto index = rc::gen::weightedOneOf<std::uint8_t>(
      {{6, rc::gen::inRange<std::uint8_t>(0, busy)},
       {3, rc::gen::inRange<std::uint8_t>(0, ends)},
       {2, rc::gen::inRange<std::uint8_t>(ends, ends + busy)}});
  return rc::gen::map(index, [](std::uint8_t value) { return Place{value}; });
}

rc::Gen<Kind> any_kind(const Diet& diet) {
  std::vector<std::pair<std::size_t, Kind>> weights{
      {6, Kind::socket_pair},  {5, Kind::pipe},        {3, Kind::fifo},
      {1, Kind::regular_file}, {1, Kind::null_device}, {3, Kind::udp},
      {5, Kind::tcp},          {1, Kind::terminal},    {2, Kind::listener}};
  if (diet.has_errors) weights.emplace_back(1, Kind::refused);
  std::vector<Kind> choices;
  for (const auto& [weight, kind] : weights) choices.insert(choices.end(), weight, kind);
  return rc::gen::elementOf(choices);
}

rc::Gen<Interest> any_interest() {
  std::vector<Interest> choices;
  const auto repeat = [&](std::size_t times, Interest interest) {
    choices.insert(choices.end(), times, interest);
  };
  repeat(6, Interest::read);
  repeat(4, Interest::write);
  repeat(6, Interest::read | Interest::write);
  repeat(3, Interest::none);
  repeat(1, Interest::priority);
  repeat(1, Interest::read | Interest::priority);
  repeat(1, Interest::read | Interest::write | Interest::priority);
  choices.push_back(Interest{0x40});
  return rc::gen::elementOf(choices);
}

rc::Gen<Trigger> any_trigger() {
  return rc::gen::elementOf(std::vector<Trigger>{
      Trigger::level, Trigger::level, Trigger::level, Trigger::level, Trigger::edge, Trigger::edge,
      Trigger::edge, Trigger::oneshot, Trigger::oneshot, Trigger::oneshot});
}

rc::Gen<Verb> any_verb(const Diet& diet) {
  std::vector<std::pair<std::size_t, Verb>> weights{
      {3, Verb::open},        {2, Verb::connect},   {2, Verb::accept}, {8, Verb::write},
      {4, Verb::read},        {3, Verb::fill},      {7, Verb::drain},  {2, Verb::half_close},
      {1, Verb::take_urgent}, {4, Verb::duplicate}, {4, Verb::close},  {12, Verb::add},
      {9, Verb::modify},      {4, Verb::remove},    {22, Verb::wait},  {1, Verb::wait_briefly},
      {4, Verb::wait_long},   {3, Verb::wake}};
  if (diet.has_misuse) {
    weights.emplace_back(2, Verb::replace);
    weights.emplace_back(3, Verb::close_without_remove);
  }
  if (diet.has_errors) weights.emplace_back(2, Verb::reset);
  if (diet.has_urgent) weights.emplace_back(2, Verb::send_urgent);
  std::vector<Verb> choices;
  for (const auto& [weight, verb] : weights) choices.insert(choices.end(), weight, verb);
  return rc::gen::elementOf(choices);
}

// Small buffers most of the time, large ones often, none at all rarely.
rc::Gen<std::uint8_t> any_amount() {
  return rc::gen::elementOf(
      std::vector<std::uint8_t>{1, 1, 1, 2, 2, 3, 4, 5, 8, 16, 16, 30, 30, 30, 30, 0});
}

bool is_wait(Verb verb) {
  return verb == Verb::wait || verb == Verb::wait_briefly || verb == Verb::wait_long;
}

// For both directions of everything that may be registered.
constexpr std::uint8_t ample_room = 2 * places;

rc::Gen<Operation> operations_with(rc::Gen<Verb> verb, const Diet& diet) {
  auto operations = rc::gen::build<Operation>(
      rc::gen::set(&Operation::verb, std::move(verb)), rc::gen::set(&Operation::place, any_place()),
      rc::gen::set(&Operation::other, any_place()), rc::gen::set(&Operation::kind, any_kind(diet)),
      rc::gen::set(&Operation::amount, any_amount()),
      rc::gen::set(&Operation::interest, any_interest()),
      rc::gen::set(&Operation::trigger, any_trigger()));
  if (diet.has_small_buffers) return operations;
  return rc::gen::map(std::move(operations), [](Operation operation) {
    if (is_wait(operation.verb) && operation.amount > 0) operation.amount = ample_room;
    return operation;
  });
}

using Operations = std::vector<Operation>;

constexpr int longest_prelude = 20;

}  // namespace

rc::Gen<Sequence> sequences(const Diet& diet) {
  const auto prelude = operations_with(
      rc::gen::elementOf(std::vector<Verb>{Verb::open, Verb::open, Verb::add, Verb::duplicate}),
      diet);
  const auto parts =
      rc::gen::pair(rc::gen::resize(longest_prelude, rc::gen::container<Operations>(prelude)),
                    rc::gen::container<Operations>(operations_with(any_verb(diet), diet)));
  return rc::gen::map(parts, [](std::pair<Operations, Operations> both) {
    both.first.insert(both.first.end(), both.second.begin(), both.second.end());
    return Sequence(std::move(both.first));
  });
}

}  // namespace polymux::differential
