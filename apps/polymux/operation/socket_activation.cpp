#include "apps/polymux/operation/socket_activation.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <limits>
#include <optional>
#include <set>
#include <utility>

#include "apps/polymux/operation/whole_number.hpp"
#include "platform/descriptors.hpp"
#include "platform/inherited_socket.hpp"

namespace operation {
namespace {

// SD_LISTEN_FDS_START.
constexpr int first_fd = 3;

PassedSockets refuse(const char* name, std::string_view value, const std::string& expected) {
  return {.all = {},
          .message = std::string(name) + " is '" + std::string(value) + "', which is not " +
                     expected + " (sd_listen_fds(3))"};
}

// What stands between colons; "a::b" has three, the second of which is empty.
std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> parts;
  for (std::size_t start = 0; start <= text.size();) {
    const auto end = text.find(':', start);
    parts.emplace_back(text.substr(start, end - start));
    if (end == std::string_view::npos) break;
    start = end + 1;
  }
  return parts;
}

}  // namespace

PassedSockets read_passed_sockets(const ActivationVariables& variables, long own) {
  if (variables.listen_pid == nullptr || variables.listen_fds == nullptr) return {};
  const auto pid = parse_whole(variables.listen_pid, 1L, std::numeric_limits<long>::max());
  if (!pid) return refuse("LISTEN_PID", variables.listen_pid, "the number of a process");
  if (*pid != own) return {};
  const auto count = parse_whole(variables.listen_fds, 1L, most_passed_sockets);
  if (!count) {
    return refuse("LISTEN_FDS", variables.listen_fds,
                  "a number of sockets from 1 to " + std::to_string(most_passed_sockets));
  }
  std::vector<std::string> names(static_cast<std::size_t>(*count), "unknown");
  if (variables.listen_fdnames != nullptr) {
    auto given = split(variables.listen_fdnames);
    if (given.size() != names.size()) {
      return refuse("LISTEN_FDNAMES", variables.listen_fdnames,
                    "a name for each of the " + std::to_string(*count) +
                        " sockets of LISTEN_FDS, with colons between");
    }
    names = std::move(given);
  }
  PassedSockets passed;
  for (auto& name : names) {
    passed.all.push_back(
        {.fd = first_fd + static_cast<int>(passed.all.size()), .name = std::move(name)});
  }
  return passed;
}

PassedSockets take_passed_sockets() {
  auto passed = read_passed_sockets({.listen_pid = std::getenv("LISTEN_PID"),
                                     .listen_fds = std::getenv("LISTEN_FDS"),
                                     .listen_fdnames = std::getenv("LISTEN_FDNAMES")},
                                    ::getpid());
  if (!passed.message.empty()) return passed;
  for (const char* const name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}) ::unsetenv(name);
  // One that is not open is found out where it is to be listened on.
  for (const auto& socket : passed.all) {
    static_cast<void>(::fcntl(socket.fd, F_SETFD, FD_CLOEXEC));
  }
  return passed;
}

std::string check_inherited(const std::vector<std::string>& addresses) {
  std::set<int> seen;
  for (const auto& address : addresses) {
    if (!polymux::names_inherited(address)) continue;
    const auto inherited = polymux::parse_inherited(address);
    if (!inherited.message.empty()) return inherited.message;
    const auto wrong = !polymux::is_open(inherited.fd)     ? "nothing is open there"
                       : !seen.insert(inherited.fd).second ? "it is there twice"
                                                           : "";
    if (*wrong != '\0') return "cannot listen on " + address + ": " + wrong;
  }
  return {};
}

}  // namespace operation
