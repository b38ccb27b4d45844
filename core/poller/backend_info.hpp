#pragma once

#include <memory>
#include <string_view>
#include <system_error>

#include <polymux/poller/poller.hpp>

namespace polymux {

/// What a backend gives the registry: one constant, `NAME_backend`, defined in `backends/NAME/`.
struct BackendInfo {
  std::string_view name;
  /// One line on what it is.
  std::string_view summary;
  /// `open_poller()` takes the greatest one that works; below zero only if asked for by name.
  int preference = 0;
  /// Opens a poller. On failure returns null and sets `error` to the system's code.
  std::unique_ptr<Poller> (*open)(std::error_code& error) noexcept = nullptr;
};

}  // namespace polymux
