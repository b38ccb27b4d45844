#pragma once

#include <string>

namespace polymux::conformance {

/// Which machine a table is of.
struct SystemInfo {
  /// Linux, FreeBSD, Darwin …; uname(3).
  std::string name;
  std::string release;
  std::string version;
  std::string machine;
  /// UTC, 2026-01-31T12:00:00Z.
  std::string date;
};

[[nodiscard]] SystemInfo system_info();

}  // namespace polymux::conformance
