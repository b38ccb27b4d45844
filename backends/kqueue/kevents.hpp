#pragma once

#include <sys/event.h>
#include <sys/types.h>
#include <time.h>

#include <array>
#include <cstddef>
#include <span>

namespace polymux {

/// `struct kevent`, whose fields differ in type between the systems: filter and flags have 16 bits
/// or 32, signed or not, data and udata are integers or pointers, counts are int or size_t
/// (kqueue(2) of FreeBSD, NetBSD, OpenBSD, DragonFly and macOS). This file alone knows.
using Kevent = struct kevent;

/// A change to the filter of one descriptor.
[[nodiscard]] inline Kevent to_change(int fd, int filter, unsigned flags,
                                      unsigned filter_flags = 0) noexcept {
  Kevent change{};
  change.ident = static_cast<decltype(change.ident)>(fd);
  change.filter = static_cast<decltype(change.filter)>(filter);
  change.flags = static_cast<decltype(change.flags)>(flags);
  change.fflags = static_cast<decltype(change.fflags)>(filter_flags);
  return change;
}

[[nodiscard]] inline int fd_of(const Kevent& event) noexcept {
  return static_cast<int>(event.ident);
}
[[nodiscard]] inline int filter_of(const Kevent& event) noexcept {
  return static_cast<int>(event.filter);
}
[[nodiscard]] inline bool has_flag(const Kevent& event, unsigned flag) noexcept {
  return (static_cast<unsigned>(event.flags) & flag) != 0;
}

/// The filters of one registration: read, write, and urgent data where there is a filter for it.
class Changes {
 public:
  void add(const Kevent& change) noexcept { changes_[size_++] = change; }
  [[nodiscard]] std::span<Kevent> all() noexcept { return {changes_.data(), size_}; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

 private:
  std::array<Kevent, 3> changes_{};
  std::size_t size_ = 0;
};

/// A new kqueue, closed on exec; -1 with errno set if there is none.
[[nodiscard]] int open_kqueue() noexcept;

/// Waits. As kevent(2) without changes.
[[nodiscard]] int wait_for_kevents(int queue, std::span<Kevent> events,
                                   const timespec* timeout) noexcept;

/// Makes every change, whatever becomes of the others, and leaves its errno in the `data` of each;
/// zero if it was made.
void apply(int queue, std::span<Kevent> changes) noexcept;

/// Makes one change. Returns its errno, or zero.
[[nodiscard]] int apply_one(int queue, const Kevent& change) noexcept;

/// Whether a trigger of EVFILT_USER can be used to wake a wait, and the means for it.
[[nodiscard]] bool add_user_filter(int queue) noexcept;
/// Any thread, any signal handler.
void trigger_user_filter(int queue) noexcept;
[[nodiscard]] bool is_user_filter(const Kevent& event) noexcept;

}  // namespace polymux
