#pragma once

#include <type_traits>

namespace polymux {

/// Opts an enumeration in to `|`, `&`, `|=` and `contains`: specialise it as true beside the enum.
template <class Enum>
inline constexpr bool is_flags = false;

template <class Enum>
concept Flags = std::is_enum_v<Enum> && is_flags<Enum>;

template <Flags Enum>
[[nodiscard]] constexpr Enum operator|(Enum a, Enum b) noexcept {
  using Bits = std::underlying_type_t<Enum>;
  return static_cast<Enum>(static_cast<Bits>(a) | static_cast<Bits>(b));
}

template <Flags Enum>
[[nodiscard]] constexpr Enum operator&(Enum a, Enum b) noexcept {
  using Bits = std::underlying_type_t<Enum>;
  return static_cast<Enum>(static_cast<Bits>(a) & static_cast<Bits>(b));
}

template <Flags Enum>
constexpr Enum& operator|=(Enum& a, Enum b) noexcept {
  return a = a | b;
}

/// True if `set` has every flag of `wanted`, and `wanted` names at least one.
template <Flags Enum>
[[nodiscard]] constexpr bool contains(Enum set, Enum wanted) noexcept {
  return wanted != Enum{} && (set & wanted) == wanted;
}

}  // namespace polymux
