#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <string>
#include <string_view>
#include <vector>

#include "platform/datagrams.hpp"
#include "platform/sockets.hpp"
#include "socket_fixture.hpp"

namespace polymux {

/// A socket for datagrams at a free port of the loopback device.
inline DatagramSocket open_datagram_socket_here(std::string_view host = "127.0.0.1:0") {
  DatagramSocket opened;
  const auto resolved = resolve(parse_endpoint(host).endpoint);
  EXPECT_FALSE(open_datagram_listener(resolved.addresses.front(), opened));
  return opened;
}

/// One whose peer is the socket of `server`.
inline UniqueFd datagram_client_of(const DatagramSocket& server) {
  const auto target = resolve(parse_endpoint(server.address).endpoint).addresses.front();
  UniqueFd client;
  EXPECT_FALSE(open_datagram_socket(target.family(), client));
  EXPECT_EQ(::connect(client.get(), target.get(), target.length()), 0);
  return client;
}

/// Room for `count` datagrams of at most `longest` bytes.
class DatagramRoom {
 public:
  DatagramRoom(std::size_t count, std::size_t longest)
      : memory_(count, std::string(longest, '\0')), slots(count) {
    for (std::size_t i = 0; i < count; ++i) slots[i].room = memory_[i];
  }

  [[nodiscard]] std::string text(std::size_t index) const {
    const auto bytes = slots.at(index).bytes();
    return {bytes.begin(), bytes.end()};
  }

 private:
  std::vector<std::string> memory_;

 public:
  std::vector<Datagram> slots;
};

/// What `client` receives now; "nothing" if nothing came.
inline std::string datagram_now(const UniqueFd& client) {
  std::string text(1 << 16, '\0');
  const auto count = ::recv(client.get(), text.data(), text.size(), MSG_DONTWAIT);
  return count < 0 ? "nothing" : text.substr(0, static_cast<std::size_t>(count));
}

}  // namespace polymux
