#pragma once

#include <sys/socket.h>

#include <string>
#include <system_error>
#include <vector>

#include "platform/endpoint.hpp"

namespace polymux {

/// An address as the kernel takes it.
class SocketAddress {
 public:
  SocketAddress() = default;
  SocketAddress(const sockaddr* address, socklen_t length) noexcept;

  /// For an endpoint of a Unix-domain socket whose name fits.
  [[nodiscard]] static SocketAddress of_unix(const Endpoint& endpoint) noexcept;

  [[nodiscard]] const sockaddr* get() const noexcept {
    return reinterpret_cast<const sockaddr*>(&storage_);
  }
  [[nodiscard]] socklen_t length() const noexcept { return length_; }
  [[nodiscard]] int family() const noexcept { return storage_.ss_family; }

  /// The file of a Unix-domain socket; empty for all others.
  [[nodiscard]] std::string path() const;

  /// As `parse_endpoint` reads it: `127.0.0.1:8080`, `[::1]:8080`, `unix:/path`.
  [[nodiscard]] std::string to_string() const;

  friend bool operator==(const SocketAddress& a, const SocketAddress& b) noexcept;

 private:
  sockaddr_storage storage_{};
  socklen_t length_ = 0;
};

/// The address that a socket is bound to.
[[nodiscard]] std::error_code local_address(int socket, SocketAddress& address) noexcept;

struct Resolved {
  /// Each address once, in the order of the resolver; at least one on success.
  std::vector<SocketAddress> addresses{};
  std::error_code error{};
  /// For people; empty on success.
  std::string message{};
};

/// Asks the system's resolver (getaddrinfo(3)), which may take its time over a name.
[[nodiscard]] Resolved resolve(const Endpoint& endpoint);

}  // namespace polymux
