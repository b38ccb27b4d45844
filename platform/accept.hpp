#pragma once

#include <cstdint>

#include "platform/unique_fd.hpp"

namespace polymux {

/// What came of an attempt to accept.
enum class AcceptStatus : std::uint8_t {
  accepted,
  /// Nobody waits.
  none,
  /// One connection was lost before it could be accepted; others may wait.
  lost,
  /// No descriptor is free, in this process or in the system: the listener stays ready.
  no_descriptor,
  /// The system cannot at present, for want of memory or a reason unknown: the listener stays
  /// ready.
  unable,
};

struct AcceptResult {
  AcceptStatus status = AcceptStatus::none;
  UniqueFd client{};
};

/// What an errno of accept(2) means.
[[nodiscard]] AcceptStatus classify_accept_error(int code) noexcept;

/// Accepts one connection, if one waits; non-blocking and closed on exec.
[[nodiscard]] AcceptResult accept_client(int listener) noexcept;

}  // namespace polymux
