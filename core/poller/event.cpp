#include <polymux/poller/event.hpp>

#include <array>
#include <string_view>
#include <utility>

namespace polymux {
namespace {

template <class Enum, std::size_t Size>
std::string join_flags(Enum set, const std::array<std::pair<Enum, std::string_view>, Size>& names) {
  std::string text;
  auto rest = static_cast<unsigned>(set);
  for (const auto& [flag, name] : names) {
    if (!contains(set, flag)) continue;
    if (!text.empty()) text += '|';
    text += name;
    rest &= ~static_cast<unsigned>(flag);
  }
  if (rest != 0) text += (text.empty() ? "" : "|") + std::to_string(rest);
  return text.empty() ? "none" : text;
}

}  // namespace

std::string to_string(Interest interest) {
  using enum Interest;
  static constexpr std::array<std::pair<Interest, std::string_view>, 3> names{
      {{read, "read"}, {write, "write"}, {priority, "priority"}}};
  return join_flags(interest, names);
}

std::string to_string(Trigger trigger) {
  switch (trigger) {
    case Trigger::level:
      return "level";
    case Trigger::edge:
      return "edge";
    case Trigger::oneshot:
      return "oneshot";
  }
  return std::to_string(static_cast<unsigned>(trigger));
}

std::string to_string(Ready ready) {
  using enum Ready;
  static constexpr std::array<std::pair<Ready, std::string_view>, 7> names{
      {{readable, "readable"},
       {writable, "writable"},
       {priority, "priority"},
       {read_closed, "read_closed"},
       {hangup, "hangup"},
       {error, "error"},
       {invalid, "invalid"}}};
  return join_flags(ready, names);
}

std::string to_string(const Event& event) {
  return "{" + std::to_string(static_cast<std::uint64_t>(event.token)) + " " +
         to_string(event.ready) + "}";
}

}  // namespace polymux
