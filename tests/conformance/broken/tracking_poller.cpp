#include "tests/conformance/broken/tracking_poller.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>

#include <algorithm>
#include <chrono>

namespace polymux::test {

using namespace std::chrono_literals;

std::error_code TrackingPoller::add(int fd, Token token, Interest interest,
                                    Trigger trigger) noexcept {
  if (const auto error = inner().add(fd, token, interest, trigger)) return error;
  if (fd >= static_cast<int>(size)) return {};
  end_ = std::max(end_, fd + 1);
  table_[static_cast<std::size_t>(fd)] = {.token = token,
                                          .interest = interest,
                                          .trigger = trigger,
                                          .is_registered = true,
                                          .serial = ++serial_,
                                          .file = file_of(fd)};
  return {};
}

std::error_code TrackingPoller::modify(int fd, Token token, Interest interest,
                                       Trigger trigger) noexcept {
  if (const auto error = inner().modify(fd, token, interest, trigger)) return error;
  if (auto* entry = tracked(fd)) {
    entry->token = token;
    entry->interest = interest;
    entry->trigger = trigger;
    entry->mark = 0;
  }
  return {};
}

std::error_code TrackingPoller::remove(int fd) noexcept {
  if (const auto error = inner().remove(fd)) return error;
  if (auto* entry = tracked(fd)) *entry = {};
  return {};
}

Tracked* TrackingPoller::tracked(int fd) noexcept {
  if (fd < 0 || fd >= end_) return nullptr;
  auto& entry = table_[static_cast<std::size_t>(fd)];
  return entry.is_registered ? &entry : nullptr;
}

int TrackingPoller::number_of(Token token) noexcept {
  int found = -1;
  std::uint64_t newest = 0;
  for_each([&](int fd, const Tracked& entry) {
    if (entry.token != token || entry.serial <= newest) return;
    newest = entry.serial;
    found = fd;
  });
  return found;
}

Interest TrackingPoller::interest_of(Token token) noexcept {
  const auto* entry = tracked(number_of(token));
  return entry == nullptr ? Interest::none : entry->interest;
}

WaitResult EditingPoller::wait(std::span<Event> out, Timeout timeout) noexcept {
  using Clock = std::chrono::steady_clock;
  const auto start = Clock::now();
  for (;;) {
    const auto past = Clock::now() - start;
    const bool is_over = timeout && past >= *timeout;
    // Each look costs CPU, which tests of a long wait count.
    const std::chrono::nanoseconds most = 16ms;
    auto result = inner().wait(out, is_over   ? 0ns
                                    : timeout ? std::min(*timeout - past, most)
                                              : most);
    if (result.error) return result;
    std::size_t kept = 0;
    for (auto event : out.first(result.count)) {
      if (edit(event)) out[kept++] = event;
    }
    const bool has_dropped = kept < result.count;
    result.count = append(out, kept);
    if (result.count > 0 || result.woken || is_over) return result;
    // What was dropped stays ready.
    if (has_dropped) nap(1ms);
  }
}

int poll_bits_of(int fd, int asked) noexcept {
  pollfd entry{.fd = fd, .events = static_cast<short>(asked), .revents = 0};
  return ::poll(&entry, 1, 0) < 0 ? 0 : entry.revents;
}

ino_t file_of(int fd) noexcept {
  struct stat status {};
  return ::fstat(fd, &status) == 0 ? status.st_ino : 0;
}

bool is_open_number(int fd) noexcept {
  return ::fcntl(fd, F_GETFD) >= 0;
}

mode_t type_of(int fd) noexcept {
  struct stat status {};
  return ::fstat(fd, &status) == 0 ? status.st_mode & S_IFMT : 0;
}

int socket_type_of(int fd) noexcept {
  int type = -1;
  socklen_t length = sizeof type;
  return ::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) == 0 ? type : -1;
}

void nap(std::chrono::nanoseconds duration) noexcept {
  timespec left{.tv_sec = static_cast<time_t>(duration / 1s),
                .tv_nsec = static_cast<long>((duration % 1s).count())};
  while (::nanosleep(&left, &left) != 0) {
  }
}

}  // namespace polymux::test
