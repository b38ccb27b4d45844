#pragma once

#include <span>
#include <string_view>

#include "subject.hpp"

namespace probe {

/// How a kind of descriptor is brought into a situation, in two steps: multiplexers that keep
/// registrations are told of the descriptor between them.
struct Case {
  /// A name of `situations`.
  std::string_view situation = {};
  /// Makes the descriptor. Throws SystemFailure where this system cannot.
  Subject (*make)() = nullptr;
  /// Makes the situation; absent where it holds from the start. Throws SystemFailure.
  void (*happen)(Subject& subject) = nullptr;
};

/// What a system can make of a kind. Each kind has one, in a file that CMake picks.
struct Making {
  std::span<const Case> cases = {};
  /// Why this system can make none; empty if it can.
  std::string_view absent = {};
};

/// A kind of descriptor.
struct Kind {
  std::string_view name = {};
  std::string_view summary = {};
  const Making* making = nullptr;

  [[nodiscard]] std::span<const Case> cases() const noexcept { return making->cases; }
  [[nodiscard]] bool is_available() const noexcept { return making->absent.empty(); }
};

/// Every kind that the probe knows, on whatever system, in the order in which they are shown.
[[nodiscard]] std::span<const Kind> all_kinds() noexcept;

/// What a situation is called on every kind that can be in it.
struct Situation {
  std::string_view name = {};
  std::string_view meaning = {};
};

[[nodiscard]] std::span<const Situation> all_situations() noexcept;

/// \return What it means; empty for a name that is no situation.
[[nodiscard]] std::string_view meaning_of(std::string_view situation) noexcept;

}  // namespace probe
