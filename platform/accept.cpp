#include "platform/accept.hpp"

#include <algorithm>
#include <array>
#include <cerrno>

#include "platform/sockets.hpp"

namespace polymux {
namespace {

// accept(2), "Error handling": Linux hands over what is pending on the new connection; to be taken
// as "try again". EPERM is a firewall's; BSD and macOS say ECONNABORTED alone.
constexpr std::array lost_connection{
    ECONNABORTED, ECONNRESET,   EPROTO,      EPERM,      ENETDOWN,  ENETUNREACH,
    EHOSTDOWN,    EHOSTUNREACH, ENOPROTOOPT, EOPNOTSUPP, ETIMEDOUT,
#ifdef ENONET
    ENONET,
#endif
};

}  // namespace

AcceptStatus classify_accept_error(int code) noexcept {
  if (code == EAGAIN || code == EWOULDBLOCK) return AcceptStatus::none;
  if (code == EMFILE || code == ENFILE) return AcceptStatus::no_descriptor;
  const bool is_lost = std::ranges::find(lost_connection, code) != lost_connection.end();
  return is_lost ? AcceptStatus::lost : AcceptStatus::unable;
}

AcceptResult accept_client(int listener) noexcept {
  UniqueFd client(accept_nonblocking(listener));
  if (!client) return {.status = classify_accept_error(errno)};
  return {.status = AcceptStatus::accepted, .client = std::move(client)};
}

}  // namespace polymux
