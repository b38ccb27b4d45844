#include "target.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <string>

#include "connecting.hpp"
#include "platform/endpoint.hpp"
#include "wrong_usage.hpp"

namespace load {
namespace {

using polymux::Endpoint;
using polymux::SocketAddress;

SocketAddress first_that_answers(const std::vector<SocketAddress>& addresses,
                                 const Options& options) {
  // Datagrams tell nothing before one is sent.
  if (addresses.size() == 1 || options.is_udp) return addresses.front();
  constexpr int longest = 2'000;
  std::string refusals;
  for (const auto& address : addresses) {
    const auto error = try_to_connect({.to = address}, longest);
    if (!error) return address;
    refusals += (refusals.empty() ? "" : "; ") + address.to_string() + ": " + error.message();
  }
  throw std::runtime_error("'" + options.target + "' takes no connection: " + refusals);
}

SocketAddress find_target(const Options& options) {
  const auto parsed = polymux::parse_endpoint(options.target);
  if (!parsed.message.empty()) throw WrongUsage(parsed.message);
  const auto& endpoint = parsed.endpoint;
  if (endpoint.kind == Endpoint::Kind::internet && endpoint.port == 0) {
    throw WrongUsage("'" + options.target + "' has port 0; give the port that the server printed");
  }
  if (endpoint.kind != Endpoint::Kind::internet && options.is_udp) {
    throw WrongUsage("--udp needs HOST:PORT, and '" + options.target + "' is a Unix-domain socket");
  }
  const auto resolved = polymux::resolve(endpoint);
  if (resolved.error) throw std::runtime_error(resolved.message);
  return first_that_answers(resolved.addresses, options);
}

SocketAddress parse_source(const std::string& text, int family) {
  const bool is_bare_ipv6 = text.find(':') != std::string::npos && !text.starts_with('[');
  const auto parsed = polymux::parse_endpoint((is_bare_ipv6 ? "[" + text + "]" : text) + ":0");
  const bool is_numeric = text.find_first_not_of("0123456789abcdefABCDEF.:[]") == std::string::npos;
  const auto refuse = [&](const std::string& why) {
    throw WrongUsage("--source: '" + text + "' " + why);
  };
  if (!parsed.message.empty() || !is_numeric) refuse("is not an address, as 127.0.0.2 or ::1");
  const auto resolved = polymux::resolve(parsed.endpoint);
  if (resolved.error) refuse("is not an address: " + resolved.message);
  const auto& address = resolved.addresses.front();
  if (address.family() != family) refuse("is of another family than the target's address");
  return address;
}

// The address in the order of the host, if it is one of 127.0.0.0/8.
std::optional<std::uint32_t> as_loopback(const SocketAddress& address) {
  if (address.family() != AF_INET) return std::nullopt;
  sockaddr_in internet{};
  std::memcpy(&internet, address.get(), sizeof internet);
  const auto host = ntohl(internet.sin_addr.s_addr);
  constexpr std::uint32_t loopback_net = 127;
  return host >> 24 == loopback_net ? std::optional(host) : std::nullopt;
}

SocketAddress loopback_address(std::uint32_t index) {
  sockaddr_in internet{};
  internet.sin_family = AF_INET;
  internet.sin_addr.s_addr = htonl(INADDR_LOOPBACK + index);
  return {reinterpret_cast<const sockaddr*>(&internet), sizeof internet};
}

}  // namespace

Target::Target(const Options& options, std::uint64_t connections) : address_(find_target(options)) {
  if (!options.sources.empty()) {
    take_sources(options);
  } else {
    use_many_loopback_addresses(connections);
  }
}

void Target::take_sources(const Options& options) {
  if (address_.family() == AF_UNIX) {
    throw WrongUsage("--source: a Unix-domain socket has no address to connect from");
  }
  for (const auto& text : options.sources) {
    sources_.push_back(parse_source(text, address_.family()));
    if (const auto error = try_to_bind(sources_.back())) {
      throw std::runtime_error("--source: '" + text +
                               "' cannot be connected from: " + error.message());
    }
  }
}

void Target::use_many_loopback_addresses(std::uint64_t connections) {
  const auto needed = (connections + connections_of_a_source - 1) / connections_of_a_source;
  // Linux has all of 127.0.0.0/8; elsewhere each but the first has to be added to the device.
  if (needed < 2 || !as_loopback(address_) || try_to_bind(loopback_address(1))) return;
  for (std::uint32_t index = 0; index < needed; ++index) {
    sources_.push_back(loopback_address(index));
  }
  fills_each_ = true;
}

const SocketAddress* Target::source_of(std::uint64_t index) const noexcept {
  if (sources_.empty()) return nullptr;
  const auto count = sources_.size();
  const auto chosen = fills_each_
                          ? std::min<std::uint64_t>(index / connections_of_a_source, count - 1)
                          : index % count;
  return &sources_[static_cast<std::size_t>(chosen)];
}

}  // namespace load
