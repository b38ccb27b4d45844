#pragma once

#include <sys/stat.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "tests/conformance/broken/forwarding_poller.hpp"

namespace polymux::test {

/// What a broken poller knows of one number.
struct Tracked {
  Token token{};
  Interest interest = Interest::none;
  Trigger trigger = Trigger::level;
  bool is_registered = false;
  /// Greater than that of each registration before it.
  std::uint64_t serial = 0;
  /// The file that the number meant when it was added.
  ino_t file = 0;
  /// The fault's own.
  std::uint64_t mark = 0;
};

/// Knows what is registered with the sound poller beneath. Numbers beyond the table are forwarded
/// and not known; the table never grows, so that a fault allocates only if that is the fault.
class TrackingPoller : public ForwardingPoller {
 public:
  using ForwardingPoller::ForwardingPoller;

  [[nodiscard]] std::error_code add(int fd, Token token, Interest interest,
                                    Trigger trigger) noexcept override;
  [[nodiscard]] std::error_code modify(int fd, Token token, Interest interest,
                                       Trigger trigger) noexcept override;
  [[nodiscard]] std::error_code remove(int fd) noexcept override;

 protected:
  /// Null if nothing is registered under the number.
  [[nodiscard]] Tracked* tracked(int fd) noexcept;
  /// The number that was registered last under the token; -1 if there is none.
  [[nodiscard]] int number_of(Token token) noexcept;
  /// The interest of the number of that token.
  [[nodiscard]] Interest interest_of(Token token) noexcept;

  template <class Visitor>
  void for_each(Visitor visit) {
    for (int fd = 0; fd < end_; ++fd) {
      if (auto* entry = tracked(fd)) visit(fd, *entry);
    }
  }

 private:
  static constexpr std::size_t size = 8192;
  std::vector<Tracked> table_{size};
  int end_ = 0;
  std::uint64_t serial_ = 0;
};

/// A wait in slices of a few milliseconds, of which a fault can drop, change and add events. In
/// itself it keeps every rule.
class EditingPoller : public TrackingPoller {
 public:
  using TrackingPoller::TrackingPoller;

  [[nodiscard]] WaitResult wait(std::span<Event> out, Timeout timeout) noexcept override;

 protected:
  /// Adds an event behind the first `count` for each registration of which `say` says something;
  /// returns how many there are then.
  template <class Say>
  [[nodiscard]] std::size_t append_each(std::span<Event> out, std::size_t count, Say say) {
    for_each([&](int fd, Tracked& entry) {
      if (count == out.size()) return;
      if (const Ready ready = say(fd, entry); ready != Ready::none) {
        out[count++] = {entry.token, ready};
      }
    });
    return count;
  }

 private:
  /// Changes an event, or drops it by returning false.
  [[nodiscard]] virtual bool edit(Event& /*event*/) { return true; }
  /// Adds events behind the first `count`; returns how many there are then.
  [[nodiscard]] virtual std::size_t append(std::span<Event> /*out*/, std::size_t count) {
    return count;
  }
};

/// What poll(2) says of a number at this moment, of these bits and what it says unasked.
[[nodiscard]] int poll_bits_of(int fd, int asked) noexcept;
[[nodiscard]] ino_t file_of(int fd) noexcept;
[[nodiscard]] bool is_open_number(int fd) noexcept;
[[nodiscard]] mode_t type_of(int fd) noexcept;
/// SOCK_STREAM, SOCK_DGRAM; -1 for what is no socket.
[[nodiscard]] int socket_type_of(int fd) noexcept;
void nap(std::chrono::nanoseconds duration) noexcept;

}  // namespace polymux::test
