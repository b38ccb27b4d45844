#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace polymux {

/// What of a request of HTTP/1 has come so far, as far as metrics are concerned.
enum class MetricsRequest : std::uint8_t {
  /// Its head has no end yet.
  unfinished,
  /// GET /metrics.
  metrics,
  /// GET of anything else: 404.
  not_found,
  /// Another method: 405.
  not_allowed,
  /// No request of HTTP/1: 400.
  malformed,
  /// More than `longest_metrics_request` without an end: 431.
  too_long,
};

inline constexpr std::size_t longest_metrics_request = std::size_t{8} * 1024;

/// Reads it. Whatever follows the head is not looked at, and what the head says beside its first
/// line means nothing here.
[[nodiscard]] MetricsRequest read_metrics_request(std::string_view bytes) noexcept;

}  // namespace polymux
