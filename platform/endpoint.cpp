#include "platform/endpoint.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace polymux {
namespace {

constexpr std::string_view unix_prefix = "unix:";

// The greatest name of the DNS, in characters (RFC 1035).
constexpr std::size_t longest_host = 253;

ParsedEndpoint refuse(std::string_view text, const std::string& why) {
  return {.endpoint = {}, .message = "'" + std::string(text) + "' is not an address: " + why};
}

// The kernel takes a path that fills the field, but not every reader of it expects no final zero.
ParsedEndpoint parse_unix(std::string_view text) {
  const auto rest = text.substr(unix_prefix.size());
  const bool is_abstract = rest.starts_with('@');
  const auto name = is_abstract ? rest.substr(1) : rest;
  if (name.empty()) return refuse(text, "no path after 'unix:'; write unix:/path/of/socket");
  if (is_abstract && !has_abstract_sockets()) {
    return refuse(text, "only Linux has sockets without a file; write unix:/path/of/socket");
  }
  constexpr auto longest = sizeof(sockaddr_un::sun_path) - 1;
  if (name.size() > longest - (is_abstract ? 1 : 0)) {
    return refuse(text, "the path of a socket has at most " + std::to_string(longest) + " bytes");
  }
  const auto kind = is_abstract ? Endpoint::Kind::unix_abstract : Endpoint::Kind::unix_file;
  return {.endpoint = {.kind = kind, .host = std::string(name)}};
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, port);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return port;
}

template <int family, class Address>
bool is_numeric(const std::string& host) {
  Address address{};
  return ::inet_pton(family, host.c_str(), &address) == 1;
}

// What is wrong with a host in brackets; empty if nothing.
std::string check_bracketed(const std::string& host) {
  // fe80::1%eth0 names the interface too; the resolver judges that part.
  const auto address = host.substr(0, host.find('%'));
  if (is_numeric<AF_INET6, in6_addr>(address)) return {};
  return "'" + host + "' is no IPv6 address; write [::1]:8080";
}

bool is_host_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_';
}

std::string check_host(const std::string& host) {
  if (host.empty()) {
    return "no host before the port; write 127.0.0.1:8080 or, for every address, 0.0.0.0:8080";
  }
  if (host.find(':') != std::string::npos) {
    return "write an IPv6 address in brackets, as [::1]:8080";
  }
  if (host.size() > longest_host || !std::ranges::all_of(host, is_host_character)) {
    return "'" + host + "' is no host name; write HOST:PORT, as localhost:8080";
  }
  const bool is_dotted = host.find_first_not_of("0123456789.") == std::string::npos;
  if (is_dotted && !is_numeric<AF_INET, in_addr>(host)) {
    return "'" + host + "' is no IPv4 address; write four numbers up to 255, as 127.0.0.1:8080";
  }
  return {};
}

}  // namespace

ParsedEndpoint parse_endpoint(std::string_view text) {
  if (text.starts_with(unix_prefix)) return parse_unix(text);

  const bool is_bracketed = text.starts_with('[');
  const auto host_end = is_bracketed ? text.find(']') : text.rfind(':');
  if (host_end == std::string_view::npos) {
    return refuse(text, is_bracketed
                            ? "the bracket is not closed; write [::1]:8080"
                            : "no port; write HOST:PORT, as 127.0.0.1:8080, or unix:/path");
  }
  const std::string host(is_bracketed ? text.substr(1, host_end - 1) : text.substr(0, host_end));
  const auto rest = text.substr(host_end + (is_bracketed ? 1 : 0));
  if (!rest.starts_with(':')) return refuse(text, "no port; write [::1]:8080");

  if (const auto wrong = is_bracketed ? check_bracketed(host) : check_host(host); !wrong.empty()) {
    return refuse(text, wrong);
  }
  const auto port = parse_port(rest.substr(1));
  if (!port) {
    return refuse(text, "port '" + std::string(rest.substr(1)) +
                            "' is not a number from 0 to 65535 (0 lets the system choose)");
  }
  return {.endpoint = {.kind = Endpoint::Kind::internet, .host = host, .port = *port}};
}

}  // namespace polymux
