#include "poll_flags.hpp"

#include <poll.h>

#include <charconv>

namespace probe {
namespace {

#ifdef POLLRDHUP
constexpr int read_closed = POLLRDHUP;
#else
constexpr int read_closed = 0;
#endif

struct Bit {
  int value;
  const char* name;
  bool can_be_asked_for;
};

// Systems differ in which they have; each is here if it is there.
constexpr Bit bits_of_poll[] = {
    {POLLIN, "IN", true},         {POLLPRI, "PRI", true},  {POLLOUT, "OUT", true},
    {read_closed, "RDHUP", true}, {POLLHUP, "HUP", false}, {POLLERR, "ERR", false},
    {POLLNVAL, "NVAL", false},
#ifdef POLLRDNORM
    {POLLRDNORM, "RDNORM", true},
#endif
#ifdef POLLRDBAND
    {POLLRDBAND, "RDBAND", true},
#endif
// The BSDs and macOS say POLLOUT for it.
#if defined(POLLWRNORM) && POLLWRNORM != POLLOUT
    {POLLWRNORM, "WRNORM", true},
#endif
#ifdef POLLWRBAND
    {POLLWRBAND, "WRBAND", true},
#endif
#ifdef POLLMSG
    {POLLMSG, "MSG", false},
#endif
};

}  // namespace

int poll_request(Interest interest) noexcept {
  if (interest == Interest::read) return POLLIN;
  if (interest == Interest::none) return 0;
  int request = 0;
  for (const auto& bit : bits_of_poll) {
    if (bit.can_be_asked_for) request |= bit.value;
  }
  return request;
}

int poll_read_closed() noexcept {
  return read_closed;
}

Flags names_of_poll_bits(int bits) {
  Flags names;
  for (const auto& bit : bits_of_poll) {
    if ((bits & bit.value) == 0) continue;
    names.emplace_back(bit.name);
    bits &= ~bit.value;
  }
  if (bits != 0) {
    char digits[16];
    const auto [end, error] =
        std::to_chars(std::begin(digits), std::end(digits), unsigned(bits), 16);
    names.push_back("0x" + std::string(digits, end));
  }
  return names;
}

}  // namespace probe
