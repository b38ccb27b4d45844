#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace operation {

/// A socket that a service manager has opened and passed on.
struct PassedSocket {
  int fd = -1;
  /// As FileDescriptorName= of systemd.socket(5) has it; "unknown" where nobody gave it one.
  std::string name{};

  friend bool operator==(const PassedSocket&, const PassedSocket&) = default;
};

/// What came of a look for such sockets.
struct PassedSockets {
  std::vector<PassedSocket> all{};
  /// For people: what is wrong in the environment, and what would be right. Empty if nothing is.
  std::string message{};
};

/// More than any unit has; a greater number is a mistake.
inline constexpr long most_passed_sockets = 1024;

/// Of the environment what sd_listen_fds(3) names; null where it is not set.
struct ActivationVariables {
  const char* listen_pid = nullptr;
  const char* listen_fds = nullptr;
  const char* listen_fdnames = nullptr;
};

/// The sockets that `variables` name to the process `own`: none if they are meant for another.
/// Looks at no descriptor.
[[nodiscard]] PassedSockets read_passed_sockets(const ActivationVariables& variables, long own);

/// Those of this process. The variables are taken out of the environment, so that no child takes
/// them for its own, and the sockets are closed on exec.
///
/// \par Threads  Before there are others.
[[nodiscard]] PassedSockets take_passed_sockets();

/// Looks whether each `fd:3` among the addresses is open, and there once: a descriptor has one
/// owner. To be called before this process opens any itself.
/// \return For people: what is wrong. Empty if nothing is.
[[nodiscard]] std::string check_inherited(const std::vector<std::string>& addresses);

}  // namespace operation
