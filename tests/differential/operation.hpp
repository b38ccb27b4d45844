#pragma once

#include <compare>
#include <cstdint>
#include <string>

#include <polymux/poller/event.hpp>

namespace polymux::differential {

/// What a channel is made of. Those that loopback or a kernel thread may deliver late come last.
enum class Kind : std::uint8_t {
  socket_pair,
  pipe,
  fifo,
  regular_file,
  null_device,
  udp,
  tcp,
  terminal,
  listener,
  refused,
};
inline constexpr int kinds = 10;

/// There are so many channels, each with a near end and a far one.
inline constexpr int channels = 6;

/// Where a descriptor is kept: an end of a channel, or the one duplicate that it may have.
struct Place {
  std::uint8_t index = 0;

  friend constexpr auto operator<=>(Place, Place) = default;
};
inline constexpr int ends = 2 * channels;
inline constexpr int places = 2 * ends;

/// The reader of a pipe or FIFO, the slave of a terminal, the listener.
[[nodiscard]] constexpr Place near(int channel) {
  return {static_cast<std::uint8_t>(2 * channel)};
}
/// The writer, the master, the client.
[[nodiscard]] constexpr Place far(int channel) {
  return {static_cast<std::uint8_t>(2 * channel + 1)};
}
/// The duplicate of an end; of a listener, the connection that it accepted.
[[nodiscard]] constexpr Place copy_of(Place end) {
  return {static_cast<std::uint8_t>(end.index % ends + ends)};
}
[[nodiscard]] constexpr bool is_copy(Place place) {
  return place.index >= ends;
}
[[nodiscard]] constexpr int channel_of(Place place) {
  return place.index % ends / 2;
}

enum class Verb : std::uint8_t {
  open,
  connect,
  accept,
  write,
  read,
  fill,
  drain,
  half_close,
  send_urgent,
  take_urgent,
  duplicate,
  replace,
  close,
  close_without_remove,
  reset,
  add,
  modify,
  remove,
  wait,
  wait_briefly,
  wait_long,
  wake,
};
inline constexpr int verbs = 22;

/// One step. Any values make one: a step that makes no sense where it comes does nothing, so that
/// each part of a sequence is a sequence, and shrinking is to leave steps out.
struct Operation {
  Verb verb = Verb::wait;
  Place place{};
  /// Of `replace`: what the number means from then on.
  Place other{};
  /// Of `open`.
  Kind kind = Kind::socket_pair;
  /// Bytes to read or write, or room for events.
  std::uint8_t amount = 1;
  Interest interest = Interest::read;
  Trigger trigger = Trigger::level;

  friend bool operator==(const Operation&, const Operation&) = default;
};

/// As it is written in a `Sequence`: `.add(near(0), Interest::read, Trigger::edge)`.
[[nodiscard]] std::string to_code(const Operation& operation);

}  // namespace polymux::differential
