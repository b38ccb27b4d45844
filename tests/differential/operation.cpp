#include "tests/differential/operation.hpp"

#include <array>
#include <string_view>

namespace polymux::differential {
namespace {

std::string to_code(Place place) {
  if (is_copy(place)) {
    return "copy_of(" + to_code(Place{static_cast<std::uint8_t>(place.index - ends)}) + ")";
  }
  return (place.index % 2 == 0 ? "near(" : "far(") + std::to_string(channel_of(place)) + ")";
}

std::string to_code(Kind kind) {
  constexpr std::array<std::string_view, kinds> names{
      "socket_pair", "pipe", "fifo",     "regular_file", "null_device",
      "udp",         "tcp",  "terminal", "listener",     "refused"};
  return "Kind::" + std::string(names.at(static_cast<std::size_t>(kind)));
}

std::string to_code(Interest interest) {
  constexpr auto every = Interest::read | Interest::write | Interest::priority;
  if ((interest & every) != interest) {
    return "Interest{" + std::to_string(static_cast<unsigned>(interest)) + "}";
  }
  if (interest == Interest::none) return "Interest::none";
  std::string code;
  const auto append = [&](Interest flag, std::string_view name) {
    if (!contains(interest, flag)) return;
    code += (code.empty() ? "Interest::" : " | Interest::") + std::string(name);
  };
  append(Interest::read, "read");
  append(Interest::write, "write");
  append(Interest::priority, "priority");
  return code;
}

std::string to_code(Trigger trigger) {
  if (trigger > Trigger::oneshot) {
    return "Trigger{" + std::to_string(static_cast<unsigned>(trigger)) + "}";
  }
  constexpr std::array<std::string_view, 3> names{"level", "edge", "oneshot"};
  return "Trigger::" + std::string(names.at(static_cast<std::size_t>(trigger)));
}

constexpr std::array<std::string_view, verbs> verb_names{"open",        "connect",
                                                         "accept",      "write",
                                                         "read",        "fill",
                                                         "drain",       "half_close",
                                                         "send_urgent", "take_urgent",
                                                         "duplicate",   "replace",
                                                         "close",       "close_without_remove",
                                                         "reset",       "add",
                                                         "modify",      "remove",
                                                         "wait",        "wait_briefly",
                                                         "wait_long",   "wake"};

std::string arguments_of(const Operation& operation) {
  auto place = to_code(operation.place);
  switch (operation.verb) {
    case Verb::open:
      return std::to_string(channel_of(operation.place)) + ", " + to_code(operation.kind);
    case Verb::connect:
    case Verb::accept:
      return std::to_string(channel_of(operation.place));
    case Verb::write:
    case Verb::read:
      return place + ", " + std::to_string(operation.amount);
    case Verb::replace:
      return place + ", " + to_code(operation.other);
    case Verb::add:
    case Verb::modify:
      return place + ", " + to_code(operation.interest) +
             (operation.trigger == Trigger::level ? "" : ", " + to_code(operation.trigger));
    case Verb::wait:
    case Verb::wait_briefly:
    case Verb::wait_long:
      return std::to_string(operation.amount);
    case Verb::wake:
      return {};
    default:
      return place;
  }
}

}  // namespace

std::string to_code(const Operation& operation) {
  return "." + std::string(verb_names.at(static_cast<std::size_t>(operation.verb))) + "(" +
         arguments_of(operation) + ")";
}

}  // namespace polymux::differential
