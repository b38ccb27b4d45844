#include "apps/polymux/operation/service_manager.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdint>
#include <limits>
#include <utility>

#include "apps/polymux/operation/whole_number.hpp"
#include "platform/endpoint.hpp"
#include "platform/socket_address.hpp"
#include "platform/socket_io.hpp"
#include "platform/sockets.hpp"
#include "platform/system_error.hpp"

namespace operation {
namespace {

// A service manager that takes a message in no second will not take it in two.
constexpr int patience_in_milliseconds = 1000;

bool send_message(int socket, std::string_view message) noexcept {
  ssize_t sent = -1;
  do {
    sent = ::send(socket, message.data(), message.size(), 0);
  } while (sent < 0 && errno == EINTR);
  return sent >= 0;
}

std::string refuse(std::string_view text, const std::string& why) {
  return "NOTIFY_SOCKET is '" + std::string(text) + "', " + why + " (sd_notify(3))";
}

}  // namespace

Watchdog read_watchdog(const ManagerVariables& variables, long own) {
  if (variables.watchdog_usec == nullptr) return {};
  const auto refusal = [](const char* name, std::string_view value, const char* expected) {
    return Watchdog{.message = std::string(name) + " is '" + std::string(value) +
                               "', which is not " + expected + " (sd_watchdog_enabled(3))"};
  };
  if (variables.watchdog_pid != nullptr) {
    const auto pid = parse_whole(variables.watchdog_pid, 1L, std::numeric_limits<long>::max());
    if (!pid) return refusal("WATCHDOG_PID", variables.watchdog_pid, "the number of a process");
    if (*pid != own) return {};
  }
  // What is more than a nanosecond clock can count is as good as no watchdog, and a mistake.
  constexpr std::int64_t longest = std::numeric_limits<std::int64_t>::max() / 1000;
  const auto limit = parse_whole(variables.watchdog_usec, std::int64_t{1}, longest);
  if (!limit) {
    return refusal("WATCHDOG_USEC", variables.watchdog_usec, "a number of microseconds above zero");
  }
  return {.limit = std::chrono::microseconds(*limit)};
}

std::string ServiceManager::open(const char* notify_socket) {
  if (notify_socket == nullptr || *notify_socket == '\0') return {};
  const std::string_view text = notify_socket;
  if (text.front() != '/' && text.front() != '@') {
    return refuse(text, "which is neither a path from the root nor '@' and a name");
  }
  const auto parsed = polymux::parse_endpoint("unix:" + std::string(text));
  if (!parsed.message.empty()) return refuse(text, "and cannot be used: " + parsed.message);
  const auto address = polymux::SocketAddress::of_unix(parsed.endpoint);
  polymux::UniqueFd socket;
  auto error = polymux::open_datagram_socket(AF_UNIX, socket);
  if (!error) error = polymux::prepare_to_send(socket.get());
  if (!error && ::connect(socket.get(), address.get(), address.length()) != 0)
    error = polymux::last_error();
  if (error) return refuse(text, "and nobody can be told there: " + error.message());
  socket_ = std::move(socket);
  return {};
}

std::error_code ServiceManager::tell(std::string_view message) const noexcept {
  if (!is_there() || send_message(socket_.get(), message)) return {};
  if (errno != EAGAIN && errno != ENOBUFS) return polymux::last_error();
  pollfd room{.fd = socket_.get(), .events = POLLOUT, .revents = 0};
  static_cast<void>(::poll(&room, 1, patience_in_milliseconds));
  return send_message(socket_.get(), message) ? std::error_code{} : polymux::last_error();
}

void ServiceManager::tell_now_or_never(std::string_view message) const noexcept {
  if (is_there()) static_cast<void>(send_message(socket_.get(), message));
}

}  // namespace operation
