#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <system_error>

#include <polymux/export.hpp>
#include <polymux/poller/flags.hpp>
#include <polymux/poller/timeout.hpp>

namespace polymux {
/// \addtogroup poller
/// \{

/// What the caller calls a registration. Any value is the caller's right, equal ones too.
enum class Token : std::uint64_t {};

/// What a registration asks for. `none` keeps the registration and is silent: no readiness, no
/// hang-up and no error is reported for it. The numbers are those of POLLIN, POLLPRI and POLLOUT
/// wherever there is poll(2).
enum class Interest : std::uint8_t {
  /// Nothing; to keep a registration for later.
  none = 0,
  /// To be told when a read would not block.
  read = 1 << 0,
  /// Urgent data (TCP) and what else poll(2) calls POLLPRI; see `Capabilities::priority`.
  priority = 1 << 1,
  /// To be told when a write would not block.
  write = 1 << 2,
};
/// `Interest` is a set of flags.
template <>
inline constexpr bool is_flags<Interest> = true;

/// When a registration reports.
enum class Trigger : std::uint8_t {
  /// In every wait in which the condition holds. Every backend has it.
  level,
  /// When the condition comes about, and at `add` and `modify` if it holds by then. The owner
  /// reads or writes until `EAGAIN`; see `Capabilities::edge`.
  edge,
  /// Once, then the registration is silent until `modify`. Every backend has it.
  oneshot,
};

/// What is reported. A program that looks at `readable` and `writable` alone is correct on every
/// backend: whatever needs the owner's attention is said through the directions it asked for.
enum class Ready : std::uint8_t {
  /// Nothing; no backend reports it.
  none = 0,
  /// A read would not block: there is data, end of stream, a connection to accept or an error.
  readable = 1 << 0,
  /// Urgent data waits.
  priority = 1 << 1,
  /// A write would not block, or would fail at once.
  writable = 1 << 2,
  /// Hint: the peer will send no more; data may still wait. Only beside `readable`.
  read_closed = 1 << 3,
  /// Hint: both directions are done.
  hangup = 1 << 4,
  /// Hint: an error is pending; the next read, write or `SO_ERROR` tells which.
  error = 1 << 5,
  /// The descriptor was closed without `remove`. Said once, then the registration is silent.
  invalid = 1 << 6,
};
/// `Ready` is a set of flags.
template <>
inline constexpr bool is_flags<Ready> = true;

/// One registration and what it is ready for.
struct Event {
  /// As it was given to `add` or `modify`.
  Token token{};
  /// Every flag that holds.
  Ready ready = Ready::none;

  /// \return True if token and readiness are equal.
  friend constexpr bool operator==(const Event&, const Event&) = default;
};

/// What `Poller::wait` returns.
struct WaitResult {
  /// Number of events written, from the start of the buffer.
  std::size_t count = 0;
  /// True if a `wake` was consumed by this wait.
  bool woken = false;
  /// Set if the wait failed; `count` is zero then.
  std::error_code error{};

  /// \return True if all of it is equal.
  friend bool operator==(const WaitResult&, const WaitResult&) = default;
};

/// For messages.
///
/// \param interest  Any value; unknown bits come out as a number.
/// \return Such as `read|write`, or `none`. Throws `std::bad_alloc`.
[[nodiscard]] POLYMUX_API std::string to_string(Interest interest);
/// For messages.
///
/// \param trigger  Any value; an unknown one comes out as a number.
/// \return Such as `oneshot`. Throws `std::bad_alloc`.
[[nodiscard]] POLYMUX_API std::string to_string(Trigger trigger);
/// For messages.
///
/// \param ready  Any value; unknown bits come out as a number.
/// \return Such as `readable|hangup`, or `none`. Throws `std::bad_alloc`.
[[nodiscard]] POLYMUX_API std::string to_string(Ready ready);
/// For messages.
///
/// \param event  Any value.
/// \return Token and readiness, such as `{7 readable}`. Throws `std::bad_alloc`.
[[nodiscard]] POLYMUX_API std::string to_string(const Event& event);

/// \}
}  // namespace polymux
