#include "platform/inherited_socket.hpp"

#include <charconv>
#include <system_error>

namespace polymux {
namespace {

constexpr std::string_view prefix = "fd:";

// Those before are input, output and errors.
constexpr int first_of_all = 3;

}  // namespace

bool names_inherited(std::string_view text) noexcept {
  return text.starts_with(prefix);
}

InheritedSocket parse_inherited(std::string_view text) {
  const auto digits = text.substr(prefix.size());
  int fd = -1;
  const auto* const end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, fd);
  if (error == std::errc{} && stop == end && fd >= first_of_all) return {.fd = fd};
  return {.message = "'" + std::string(text) +
                     "' is not an address: after 'fd:' comes the number of an open socket, from 3 "
                     "on, as fd:3"};
}

}  // namespace polymux
