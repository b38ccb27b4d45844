// Addresses as people write them: what is accepted means the same when it is written out again, and
// what is refused comes with a reason.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>

#include "platform/endpoint.hpp"

namespace {

std::string to_text(const polymux::Endpoint& endpoint) {
  using Kind = polymux::Endpoint::Kind;
  if (endpoint.kind == Kind::unix_file) return "unix:" + endpoint.host;
  if (endpoint.kind == Kind::unix_abstract) return "unix:@" + endpoint.host;
  const bool is_v6 = endpoint.host.find(':') != std::string::npos;
  const auto host = is_v6 ? "[" + endpoint.host + "]" : endpoint.host;
  return host + ":" + std::to_string(endpoint.port);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(data, data + size);
  const auto parsed = polymux::parse_endpoint(text);
  if (!parsed.message.empty()) return 0;
  const auto again = polymux::parse_endpoint(to_text(parsed.endpoint));
  if (!parsed.endpoint.host.empty() && again.message.empty() && again.endpoint == parsed.endpoint) {
    return 0;
  }
  std::cerr << "'" << text << "' is accepted, and '" << to_text(parsed.endpoint)
            << "' is something else: " << again.message << "\n";
  std::abort();
}
