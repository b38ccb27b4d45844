#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <system_error>

#include "platform/unique_fd.hpp"

namespace operation {

/// Of the environment what sd_notify(3) and sd_watchdog_enabled(3) name; null where it is not set.
struct ManagerVariables {
  const char* notify_socket = nullptr;
  const char* watchdog_usec = nullptr;
  const char* watchdog_pid = nullptr;
};

/// How often a service manager wants to hear that this process lives.
struct Watchdog {
  /// After which it takes the process to hang; zero: it does not watch.
  std::chrono::microseconds limit{0};
  /// For people: what is wrong. Empty if nothing is.
  std::string message{};
};

[[nodiscard]] Watchdog read_watchdog(const ManagerVariables& variables, long own);

/// Who has started this process as a service, and wants to know how it is: systemd, or whoever
/// else gives NOTIFY_SOCKET. Where nobody does, it hears nothing.
class ServiceManager {
 public:
  /// \param notify_socket  A path, or on Linux `@` and a name; null or empty: there is nobody.
  /// \return For people: what is wrong. Empty if nothing is.
  [[nodiscard]] std::string open(const char* notify_socket);

  [[nodiscard]] bool is_there() const noexcept { return static_cast<bool>(socket_); }

  /// Says a message, as sd_notify(3) has it: lines of NAME=value. Waits for a second at most.
  [[nodiscard]] std::error_code tell(std::string_view message) const noexcept;

  /// The same, but of no use later: where it would have to wait it is not said.
  void tell_now_or_never(std::string_view message) const noexcept;

 private:
  polymux::UniqueFd socket_;
};

}  // namespace operation
