#pragma once

#include <span>

namespace polymux {

/// Turns `a` to `z` into `A` to `Z`, in place, and leaves every other byte as it is: toupper(3) in
/// locale "C". Returns all of what it was given, so that whoever does the same can end with it.
using UpperCase = std::span<const char> (*)(std::span<char> bytes) noexcept;

/// By the widest vector unit that this processor has, found out by the first call.
std::span<const char> to_upper_case(std::span<char> bytes) noexcept;

/// One way to do it.
struct UpperCaseWay {
  const char* name;
  UpperCase convert;
  /// This processor has what it takes.
  bool is_usable;
};

/// With what every processor has: eight bytes at a time in an ordinary register.
std::span<const char> upper_case_portable(std::span<char> bytes) noexcept;

/// With vector units; the fastest first. Those that the compiler knows, usable here or not.
[[nodiscard]] std::span<const UpperCaseWay> vector_upper_case_ways() noexcept;

}  // namespace polymux
