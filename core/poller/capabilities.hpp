#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include <polymux/export.hpp>

namespace polymux {
/// \addtogroup registry
/// \{

/// What one wait costs, beside what it reports.
enum class WaitCost {
  /// Grows with the descriptors that are ready.
  ready,
  /// Grows with the descriptors that are registered.
  registered,
  /// Grows with the greatest number registered.
  greatest_fd,
};

/// For messages.
///
/// \param cost  Any value.
/// \return The name of the enumerator, such as `registered`; `unknown` for what is none.
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
  /// What a wait costs grows with this.
  WaitCost wait_cost = WaitCost::registered;
};

/// What a program cannot do without, of what `Capabilities` tells. Everything left as it is here is
/// not required.
struct Requirements {
  /// `Trigger::edge` has to work.
  bool edge = false;
  /// `Interest::priority` has to work.
  bool priority = false;
  /// `Ready::read_closed` has to be told.
  bool read_closed = false;
  /// `Ready::hangup` has to be told.
  bool hangup = false;
  /// `Ready::error` has to be told.
  bool error = false;
  /// `Poller::pollable_handle` has to give a descriptor.
  bool pollable_handle = false;
  /// Time-outs have to be at most this coarse.
  std::optional<std::chrono::nanoseconds> timeout_step{};
  /// Numbers up to this one, at least, have to be taken.
  std::optional<int> greatest_fd{};
};

/// Says what a backend lacks.
///
/// \param wanted   What a program cannot do without.
/// \param offered  What a backend can do.
/// \return The names of what `wanted` asks for and `offered` lacks, separated by commas; empty if
///         nothing. Throws `std::bad_alloc`.
[[nodiscard]] POLYMUX_API std::string missing(const Requirements& wanted,
                                              const Capabilities& offered);

/// \}
}  // namespace polymux
