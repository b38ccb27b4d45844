#include "core/service/open_listeners.hpp"

#include <string>
#include <utility>

#include <polymux/poller/error.hpp>

#include "platform/endpoint.hpp"
#include "platform/socket_address.hpp"

namespace polymux {
namespace {

bool is_absent_here(std::error_code error) {
  return error == std::errc::address_not_available ||
         error == std::errc::address_family_not_supported;
}

}  // namespace

ListenResult cannot_listen(const std::string& address, std::error_code error) {
  auto why = error.message();
  if (error == std::errc::file_exists) why += ", and it is no socket";
  return {.error = error, .message = "cannot listen on " + address + ": " + why};
}

ListenResult open_each(const Endpoint& endpoint, const OpenOne& open_one) {
  const auto resolved = resolve(endpoint);
  if (resolved.error) return {.error = resolved.error, .message = resolved.message};

  ListenResult result;
  ListenResult absent;
  for (const auto& address : resolved.addresses) {
    std::string bound;
    if (const auto error = open_one(address, bound)) {
      auto failure = cannot_listen(address.to_string(), error);
      if (!is_absent_here(error)) return failure;
      absent = std::move(failure);
      continue;
    }
    result.addresses.push_back(std::move(bound));
  }
  return result.addresses.empty() ? absent : result;
}

ListenResult open_listeners(std::string_view text, std::vector<Listener>& opened, PortUse use) {
  const auto parsed = parse_endpoint(text);
  if (!parsed.message.empty()) {
    return {.error = Errc::invalid_argument, .message = parsed.message};
  }
  std::vector<Listener> listeners;
  auto result = open_each(parsed.endpoint, [&](const SocketAddress& address, std::string& bound) {
    Listener listener;
    if (const auto error = open_listener(address, listener, use)) return error;
    bound = listener.address;
    listeners.push_back(std::move(listener));
    return std::error_code{};
  });
  if (result.error) return result;
  for (auto& listener : listeners) opened.push_back(std::move(listener));
  return result;
}

}  // namespace polymux
