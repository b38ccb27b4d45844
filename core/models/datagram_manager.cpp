#include "core/models/datagram_manager.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include <polymux/poller/error.hpp>

#include "core/service/open_listeners.hpp"
#include "platform/datagrams.hpp"
#include "platform/endpoint.hpp"
#include "platform/inherited_socket.hpp"
#include "platform/socket_address.hpp"

namespace polymux {
namespace {

using namespace std::chrono_literals;

// More than the longest of UDP: 65,507 bytes by IPv4, 65,527 by IPv6 (RFC 768, RFC 8200).
constexpr std::size_t longest_datagram = std::size_t{64} * 1024;

std::size_t longest_of(const ConnectionOptions& options) noexcept {
  return std::clamp<std::size_t>(options.max_buffer, 1, longest_datagram);
}

ListenResult refuse(const std::string& message) {
  return {.error = Errc::invalid_argument, .message = message};
}

}  // namespace

DatagramManager::DatagramManager(EventLoop& loop, Service& service,
                                 const ConnectionOptions& options)
    : loop_(loop),
      options_(options),
      work_{.service = service, .on_drained = [this] { note_drained(); }},
      end_of_drain_(loop, [this] { finish_drain(); }) {}

ListenResult DatagramManager::listen_on_inherited(std::string_view text) {
  const auto inherited = parse_inherited(text);
  if (!inherited.message.empty()) return refuse(inherited.message);
  DatagramSocket socket;
  auto error = check_datagram_listener(inherited.fd);
  if (!error) error = take_datagram_listener(UniqueFd(inherited.fd), socket);
  ListenResult result;
  if (!error) {
    result.addresses.push_back(socket.address);
    ports_.push_back(
        std::make_unique<DatagramPort>(loop_, work_, std::move(socket), longest_of(options_)));
    error = ports_.back()->open();
  }
  if (error) return cannot_use_inherited(text, error, "no socket for UDP that is bound to a port");
  return result;
}

ListenResult DatagramManager::listen(std::string_view text) {
  if (names_inherited(text)) return listen_on_inherited(text);
  const auto parsed = parse_endpoint(text);
  if (!parsed.message.empty()) return refuse(parsed.message);
  if (parsed.endpoint.kind != Endpoint::Kind::internet) {
    return refuse("'" + std::string(text) +
                  "' is a Unix-domain socket, and UDP has none; write HOST:PORT, as "
                  "127.0.0.1:8080");
  }
  const auto longest = longest_of(options_);
  std::vector<std::unique_ptr<DatagramPort>> opened;
  auto result = open_each(parsed.endpoint, [&](const SocketAddress& address, std::string& bound) {
    DatagramSocket socket;
    if (const auto error = open_datagram_listener(address, socket)) return error;
    bound = socket.address;
    opened.push_back(std::make_unique<DatagramPort>(loop_, work_, std::move(socket), longest));
    return opened.back()->open();
  });
  if (result.error) return result;
  for (auto& port : opened) ports_.push_back(std::move(port));
  return result;
}

void DatagramManager::drain(Callback when_gone) {
  when_gone_ = std::move(when_gone);
  end_of_drain_.start_after(options_.drain_timeout);
  for (const auto& port : ports_) port->drain();
  note_drained();
}

void DatagramManager::note_drained() noexcept {
  // The last of them may have ended before the time-out was set.
  const bool are_done =
      std::ranges::all_of(ports_, [](const auto& port) { return port->is_done(); });
  if (are_done && end_of_drain_.is_active()) end_of_drain_.start_after(0ns);
}

void DatagramManager::finish_drain() {
  const auto when_gone = std::exchange(when_gone_, nullptr);
  close_all();
  if (when_gone) when_gone();
}

void DatagramManager::close_all() noexcept {
  for (const auto& port : ports_) port->close();
  note_drained();
}

}  // namespace polymux
