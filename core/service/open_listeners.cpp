#include "core/service/open_listeners.hpp"

#include <string>
#include <utility>

#include <polymux/poller/error.hpp>

#include "platform/endpoint.hpp"
#include "platform/inherited_socket.hpp"
#include "platform/socket_address.hpp"

namespace polymux {
namespace {

bool is_absent_here(std::error_code error) {
  return error == std::errc::address_not_available ||
         error == std::errc::address_family_not_supported;
}

// A port that others have bound cannot be had once more for another loop.
ListenResult open_inherited(std::string_view text, std::vector<Listener>& opened, PortUse use) {
  const auto inherited = parse_inherited(text);
  if (!inherited.message.empty()) {
    return {.error = Errc::invalid_argument, .message = inherited.message};
  }
  Listener listener;
  auto error = use == PortUse::balanced ? std::make_error_code(std::errc::not_supported)
                                        : check_listener(inherited.fd);
  if (!error) error = take_listener(UniqueFd(inherited.fd), listener);
  if (error) return cannot_use_inherited(text, error, "no stream socket that listens");
  ListenResult result;
  result.addresses.push_back(listener.address);
  opened.push_back(std::move(listener));
  return result;
}

}  // namespace

ListenResult cannot_use_inherited(std::string_view text, std::error_code error,
                                  std::string_view what_it_is) {
  const auto why = error == Errc::invalid_argument ? "it is " + std::string(what_it_is)
                   : error == Errc::bad_descriptor ? std::string("nothing is open there")
                                                   : error.message();
  return {.error = error, .message = "cannot listen on " + std::string(text) + ": " + why};
}

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
  if (names_inherited(text)) return open_inherited(text, opened, use);
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
