#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace polymux {

/// An address as people write it: `127.0.0.1:8080`, `[::1]:8080`, `localhost:8080`, `unix:/path`,
/// and on Linux `unix:@name`.
struct Endpoint {
  enum class Kind : std::uint8_t { internet, unix_file, unix_abstract };

  Kind kind = Kind::internet;
  /// Host name or numeric address without brackets; path, or name without the `@`.
  std::string host;
  /// Zero lets the system choose. Of no meaning for Unix-domain sockets.
  std::uint16_t port = 0;

  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

struct ParsedEndpoint {
  Endpoint endpoint;
  /// What is wrong, and what would be right. Empty if nothing is.
  std::string message{};
};

/// Reads an address. Asks no resolver: a host that is well written may still not exist.
[[nodiscard]] ParsedEndpoint parse_endpoint(std::string_view text);

/// True on Linux, where `unix:@name` is a socket that has no file (unix(7), "abstract").
[[nodiscard]] bool has_abstract_sockets() noexcept;

}  // namespace polymux
