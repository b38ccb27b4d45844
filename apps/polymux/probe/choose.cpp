#include "choose.hpp"

#include <algorithm>

#include "wrap.hpp"

namespace probe {
namespace {

template <typename Range, typename NameOf>
std::string joined(const Range& range, NameOf name_of) {
  std::string text;
  for (const auto& one : range) {
    if (!text.empty()) text += ", ";
    text += name_of(one);
  }
  return text;
}

constexpr auto name_of = [](const auto& one) { return one.name; };
constexpr auto name_of_interest = [](Interest interest) { return to_string(interest); };

[[noreturn]] void refuse(const std::string& wanted, const std::string& what,
                         const std::string& valid) {
  throw UnknownName("'" + wanted + "' is no " + what + "; there are " + valid);
}

// Those of `all` whose name was given, or all of them; `take` keeps one.
template <typename Range, typename NameOf, typename Take>
void pick(const std::string& what, const Range& all, const std::vector<std::string>& names,
          NameOf name, Take take) {
  for (const auto& wanted : names) {
    if (std::ranges::find(all, wanted, name) == all.end()) {
      refuse(wanted, what, joined(all, name));
    }
  }
  for (const auto& one : all) {
    if (names.empty() || std::ranges::find(names, name(one)) != names.end()) take(one);
  }
}

bool can_be_in(const Kind& kind, const std::vector<std::string_view>& situations) {
  return std::ranges::any_of(kind.cases(), [&](const Case& one) {
    return std::ranges::find(situations, one.situation) != situations.end();
  });
}

std::string situations_of(const Kind& kind) {
  return joined(kind.cases(), [](const Case& one) { return one.situation; });
}

// With a system that cannot make a kind, nobody knows what it could be in.
void check_that_there_is_a_case(const Names& names, const Choice& choice) {
  if (names.situations.empty() || names.kinds.empty()) return;
  std::string can;
  for (const auto* const kind : choice.kinds) {
    if (!kind->is_available() || can_be_in(*kind, choice.situations)) return;
    can += "; " + std::string(kind->name) + " can be: " + situations_of(*kind);
  }
  throw UnknownName("no kind that was named can be '" + names.situations.front() + "'" + can);
}

template <typename Range>
void add_list(std::string& text, const char* title, const Range& range, std::size_t width) {
  text.append(title) += '\n';
  for (const auto& [name, meaning] : range) {
    text.append("  ").append(padded(name, width)).append(meaning) += '\n';
  }
}

using Entries = std::vector<std::pair<std::string_view, std::string>>;

Entries kinds_to_list() {
  Entries entries;
  for (const auto& kind : all_kinds()) {
    const auto what = std::string(kind.summary);
    entries.emplace_back(kind.name, kind.is_available()
                                        ? what + " (" + situations_of(kind) + ")"
                                        : what + "; not here: " + std::string(kind.making->absent));
  }
  return entries;
}

Entries multiplexers_to_list() {
  Entries entries;
  for (const auto& one : all_multiplexers()) {
    auto what = std::string(one.summary);
    if (!one.is_available()) what += "; not here: " + std::string(one.opening->absent);
    entries.emplace_back(one.name, what);
  }
  return entries;
}

}  // namespace

Choice choose(const Names& names) {
  Choice choice;
  pick("kind", all_kinds(), names.kinds, name_of,
       [&](const Kind& one) { choice.kinds.push_back(&one); });
  pick("situation", all_situations(), names.situations, name_of,
       [&](const Situation& one) { choice.situations.push_back(one.name); });
  pick("multiplexer", all_multiplexers(), names.multiplexers, name_of,
       [&](const Multiplexer& one) { choice.multiplexers.push_back(&one); });
  pick("interest", all_interests(), names.interests, name_of_interest,
       [&](Interest one) { choice.interests.push_back(one); });
  check_that_there_is_a_case(names, choice);
  if (names.kinds.empty() && !names.situations.empty()) {
    std::erase_if(choice.kinds,
                  [&](const Kind* kind) { return !can_be_in(*kind, choice.situations); });
  }
  return choice;
}

std::string list_of_names() {
  Entries situations;
  for (const auto& one : all_situations()) situations.emplace_back(one.name, one.meaning);
  constexpr std::size_t width = 24;
  std::string text;
  add_list(text, "kinds", kinds_to_list(), width);
  add_list(text, "situations", situations, width);
  add_list(text, "multiplexers", multiplexers_to_list(), width);
  return text;
}

}  // namespace probe
