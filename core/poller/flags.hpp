#pragma once

#include <type_traits>

namespace polymux {
/// \addtogroup poller
/// \{

/// Opts an enumeration in to `|`, `&`, `|=` and `contains`: specialise it as true beside the enum.
template <class Enum>
inline constexpr bool is_flags = false;

/// An enumeration that was opted in: its values are sets of flags.
template <class Enum>
concept Flags = std::is_enum_v<Enum> && is_flags<Enum>;

/// Both sets together.
///
/// \param a  A set of flags.
/// \param b  Another.
/// \return Every flag that is in `a` or in `b`.
template <Flags Enum>
[[nodiscard]] constexpr Enum operator|(Enum a, Enum b) noexcept {
  using Bits = std::underlying_type_t<Enum>;
  return static_cast<Enum>(static_cast<Bits>(a) | static_cast<Bits>(b));
}

/// What two sets have in common.
///
/// \param a  A set of flags.
/// \param b  Another.
/// \return Every flag that is in both; `Enum{}` if none is.
template <Flags Enum>
[[nodiscard]] constexpr Enum operator&(Enum a, Enum b) noexcept {
  using Bits = std::underlying_type_t<Enum>;
  return static_cast<Enum>(static_cast<Bits>(a) & static_cast<Bits>(b));
}

/// Adds the flags of a set to another.
///
/// \param a  The set that is added to.
/// \param b  What is added.
/// \return `a`.
template <Flags Enum>
constexpr Enum& operator|=(Enum& a, Enum b) noexcept {
  return a = a | b;
}

/// Whether a set has every flag of another.
///
/// \param set     The set that is looked at.
/// \param wanted  What is looked for.
/// \return True if `set` has every flag of `wanted`, and `wanted` names at least one.
template <Flags Enum>
[[nodiscard]] constexpr bool contains(Enum set, Enum wanted) noexcept {
  return wanted != Enum{} && (set & wanted) == wanted;
}

/// \}
}  // namespace polymux
