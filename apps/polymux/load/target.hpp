#pragma once

#include <cstdint>
#include <vector>

#include "options.hpp"
#include "platform/socket_address.hpp"

namespace load {

/// Where the server is, and from which addresses to go there.
class Target {
 public:
  /// So many connections from one address of the loopback device, before the next is used. Some
  /// 28,000 ports are there for it on Linux, and finding a free one takes the longer the fewer are.
  static constexpr std::uint64_t connections_of_a_source = 12'000;

  /// Asks the resolver; a name of several addresses is that of the first that takes a connection.
  /// Throws `WrongUsage`, or `std::runtime_error` where the system refuses.
  Target(const Options& options, std::uint64_t connections);

  [[nodiscard]] const polymux::SocketAddress& address() const noexcept { return address_; }

  /// Whence connection number `index` goes; null lets the system choose.
  [[nodiscard]] const polymux::SocketAddress* source_of(std::uint64_t index) const noexcept;

 private:
  void take_sources(const Options& options);
  void use_many_loopback_addresses(std::uint64_t connections);

  polymux::SocketAddress address_;
  std::vector<polymux::SocketAddress> sources_;
  /// Each is filled before the next is used, instead of all in turn.
  bool fills_each_ = false;
};

}  // namespace load
