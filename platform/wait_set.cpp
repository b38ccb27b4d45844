#include "platform/wait_set.hpp"

#include <algorithm>
#include <cerrno>

#include "platform/system_error.hpp"

namespace polymux {
namespace {

using std::chrono::milliseconds;

// poll(2) reads a negative number as "for ever". Rounded up, lest it ends early; longer than a day
// is waited for in pieces.
int milliseconds_until(WaitSet::Clock::time_point until) noexcept {
  if (until == WaitSet::Clock::time_point::max()) return -1;
  const auto now = WaitSet::Clock::now();
  if (until <= now) return 0;
  constexpr milliseconds longest = std::chrono::hours{24};
  return static_cast<int>(std::min(longest, std::chrono::ceil<milliseconds>(until - now)).count());
}

}  // namespace

void WaitSet::await(std::size_t place, int fd, Interest interest) noexcept {
  const bool is_write = contains(interest, Interest::write);
  const bool is_read = contains(interest, Interest::read);
  places_[place] = {.fd = fd,
                    .events = static_cast<short>((is_read ? POLLIN : 0) | (is_write ? POLLOUT : 0)),
                    .revents = 0};
}

std::error_code WaitSet::wait(Clock::time_point until) noexcept {
  for (;;) {
    const int left = milliseconds_until(until);
    const int count = ::poll(places_.data(), static_cast<nfds_t>(places_.size()), left);
    if (count > 0 || (count == 0 && left == 0)) return {};
    if (count == 0 || errno == EINTR) continue;
    const auto error = last_error();
    for (auto& place : places_) place.revents = 0;
    return error;
  }
}

}  // namespace polymux
