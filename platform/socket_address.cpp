#include "platform/socket_address.hpp"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>

#include "platform/system_error.hpp"

namespace polymux {
namespace {

constexpr std::size_t path_offset = offsetof(sockaddr_un, sun_path);

std::string unix_to_string(std::string_view name) {
  if (name.empty()) return "unix:";
  if (name.front() == '\0') return "unix:@" + std::string(name.substr(1));
  // The length may count the final zero.
  return "unix:" + std::string(name.substr(0, name.find('\0')));
}

Resolved failed(const Endpoint& endpoint, int code) {
  Resolved result;
  result.error =
      code == EAI_SYSTEM ? last_error() : std::make_error_code(std::errc::address_not_available);
  const auto why = code == EAI_SYSTEM ? result.error.message() : std::string(::gai_strerror(code));
  result.message = "host '" + endpoint.host + "' does not resolve: " + why;
  return result;
}

}  // namespace

SocketAddress::SocketAddress(const sockaddr* address, socklen_t length) noexcept
    : length_(std::min<socklen_t>(length, sizeof storage_)) {
  std::memcpy(&storage_, address, length_);
}

SocketAddress SocketAddress::of_unix(const Endpoint& endpoint) noexcept {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  // An abstract name begins with a zero and ends where the length says; a path ends with a zero.
  const std::size_t lead = endpoint.kind == Endpoint::Kind::unix_abstract ? 1 : 0;
  const auto size = std::min(endpoint.host.size(), sizeof address.sun_path - 1 - lead);
  std::memcpy(address.sun_path + lead, endpoint.host.data(), size);
  const auto length = static_cast<socklen_t>(path_offset + size + 1);
  return {reinterpret_cast<const sockaddr*>(&address), length};
}

std::string SocketAddress::path() const {
  if (family() != AF_UNIX || length_ <= path_offset) return {};
  const auto* const bytes = reinterpret_cast<const char*>(&storage_) + path_offset;
  const std::string_view name(bytes, length_ - path_offset);
  return std::string(name.substr(0, name.find('\0')));
}

std::string SocketAddress::to_string() const {
  if (family() == AF_UNIX) {
    const auto* const bytes = reinterpret_cast<const char*>(&storage_) + path_offset;
    return unix_to_string({bytes, length_ > path_offset ? length_ - path_offset : 0});
  }
  std::array<char, NI_MAXHOST> host{};
  std::array<char, NI_MAXSERV> port{};
  const int failed = ::getnameinfo(get(), length_, host.data(), host.size(), port.data(),
                                   port.size(), NI_NUMERICHOST | NI_NUMERICSERV);
  if (failed != 0) return "unknown";
  const std::string name(host.data());
  return (family() == AF_INET6 ? "[" + name + "]" : name) + ":" + port.data();
}

bool operator==(const SocketAddress& a, const SocketAddress& b) noexcept {
  return a.length_ == b.length_ && std::memcmp(&a.storage_, &b.storage_, a.length_) == 0;
}

std::error_code local_address(int socket, SocketAddress& address) noexcept {
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;
  auto* const out = reinterpret_cast<sockaddr*>(&storage);
  if (::getsockname(socket, out, &length) != 0) return last_error();
  address = SocketAddress(out, length);
  return {};
}

Resolved resolve(const Endpoint& endpoint) {
  if (endpoint.kind != Endpoint::Kind::internet) {
    return {.addresses = {SocketAddress::of_unix(endpoint)}};
  }
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* list = nullptr;
  const auto port = std::to_string(endpoint.port);
  const int code = ::getaddrinfo(endpoint.host.c_str(), port.c_str(), &hints, &list);
  if (code != 0) return failed(endpoint, code);
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> guard(list, &::freeaddrinfo);

  Resolved result;
  for (const auto* entry = list; entry != nullptr; entry = entry->ai_next) {
    if (entry->ai_family != AF_INET && entry->ai_family != AF_INET6) continue;
    const SocketAddress address(entry->ai_addr, entry->ai_addrlen);
    // A hosts file with two lines for a name makes some resolvers say it twice.
    if (std::ranges::find(result.addresses, address) == result.addresses.end()) {
      result.addresses.push_back(address);
    }
  }
  if (result.addresses.empty()) return failed(endpoint, EAI_NONAME);
  return result;
}

}  // namespace polymux
