#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include <polymux/export.hpp>

namespace polymux {

/// What one wait costs, beside what it reports.
enum class WaitCost {
  /// Grows with the descriptors that are ready.
  ready,
  /// Grows with the descriptors that are registered.
  registered,
  /// Grows with the greatest number registered.
  greatest_fd,
};

[[nodiscard]] POLYMUX_API std::string_view to_string(WaitCost cost) noexcept;

/// What one backend can do here, as data: ask before use, or require when a poller is opened.
///
/// Level and oneshot triggers, read and write interest and `wake` need no capability: every
/// backend has them.
struct Capabilities {
  /// `Trigger::edge`. Refused with `not_supported` at `add` where false.
  bool edge = false;
  /// `Interest::priority`. Refused with `not_supported` at `add` where false.
  bool priority = false;
  /// Can tell `Ready::read_closed`.
  bool read_closed = false;
  /// Can tell `Ready::hangup`.
  bool hangup = false;
  /// Can tell `Ready::error`.
  bool error = false;
  /// `Poller::pollable_handle` gives a descriptor.
  bool pollable_handle = false;
  /// Time-outs are rounded up to a multiple of this.
  std::chrono::nanoseconds timeout_step{1};
  /// Greatest number that can be registered; empty where only the process's own limit counts.
  std::optional<int> greatest_fd{};
  WaitCost wait_cost = WaitCost::registered;
};

/// What a program cannot do without. Everything left as it is here is not required.
struct Requirements {
  bool edge = false;
  bool priority = false;
  bool read_closed = false;
  bool hangup = false;
  bool error = false;
  bool pollable_handle = false;
  /// At most this coarse.
  std::optional<std::chrono::nanoseconds> timeout_step{};
  /// Numbers up to this one, at least.
  std::optional<int> greatest_fd{};
};

/// The names of what `wanted` asks for and `offered` lacks, separated by commas; empty if nothing.
[[nodiscard]] POLYMUX_API std::string missing(const Requirements& wanted,
                                              const Capabilities& offered);

}  // namespace polymux
