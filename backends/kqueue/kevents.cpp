#include "backends/kqueue/kevents.hpp"

#include <fcntl.h>

#include <cerrno>

namespace polymux {
namespace {

// Deduces the type of the counts.
template <class Count>
int call(int (*function)(int, const Kevent*, Count, Kevent*, Count, const timespec*), int queue,
         std::span<const Kevent> changes, std::span<Kevent> events,
         const timespec* timeout) noexcept {
  return function(queue, changes.data(), static_cast<Count>(changes.size()), events.data(),
                  static_cast<Count>(events.size()), timeout);
}

}  // namespace

int open_kqueue() noexcept {
  const int queue = ::kqueue();
  // Not inherited over fork, so only exec is of concern, and nobody execs between these two.
  if (queue >= 0) static_cast<void>(::fcntl(queue, F_SETFD, FD_CLOEXEC));
  return queue;
}

int wait_for_kevents(int queue, std::span<Kevent> events, const timespec* timeout) noexcept {
  return call(&::kevent, queue, {}, events, timeout);
}

// Without an event list kevent(2) stops at the first change that fails, and with one it may return
// events that are ready instead: one change a call does neither.
int apply_one(int queue, const Kevent& change) noexcept {
  const timespec at_once{};
  const int failed = call(&::kevent, queue, {&change, 1}, {}, &at_once);
  // After EINTR the change has been made (kevent(2), ERRORS).
  return failed < 0 && errno != EINTR ? errno : 0;
}

namespace {

#if POLYMUX_HAS_EV_RECEIPT

// Every change is answered, in its place, and no event is taken meanwhile. The answers may be
// written over the changes: none is written before its change was read.
void apply_with_answers(int queue, std::span<Kevent> changes) noexcept {
  for (auto& change : changes) {
    change.flags = static_cast<decltype(change.flags)>(change.flags | EV_RECEIPT);
  }
  const timespec at_once{};
  const auto answered = call(&::kevent, queue, changes, changes, &at_once);
  if (answered == static_cast<int>(changes.size())) return;
  // The call itself failed, out of memory perhaps: one by one, each has its own answer.
  for (auto& change : changes) change.data = apply_one(queue, change);
}

#else

void apply_with_answers(int queue, std::span<Kevent> changes) noexcept {
  for (auto& change : changes) change.data = apply_one(queue, change);
}

#endif

}  // namespace

#if !POLYMUX_KQUEUE_IS_EMULATED

void apply(int queue, std::span<Kevent> changes) noexcept {
  apply_with_answers(queue, changes);
}

#else

// libkqueue goes on to watch a filter that is added disabled: it has to be told apart.
void apply(int queue, std::span<Kevent> changes) noexcept {
  for (auto& change : changes) {
    const bool is_added_disabled = has_flag(change, EV_ADD) && has_flag(change, EV_DISABLE);
    const auto disable = to_change(fd_of(change), filter_of(change), EV_DISABLE);
    if (is_added_disabled) {
      change.flags = static_cast<decltype(change.flags)>(change.flags & ~unsigned{EV_DISABLE});
    }
    apply_with_answers(queue, {&change, 1});
    if (is_added_disabled && change.data == 0) change.data = apply_one(queue, disable);
  }
}

#endif

#if POLYMUX_HAS_EVFILT_USER && !POLYMUX_KQUEUE_IS_EMULATED

namespace {
constexpr int user_ident = 0;
}

bool add_user_filter(int queue) noexcept {
  // EV_CLEAR, lest one trigger is reported for ever. Old NetBSD has the name and not the filter.
  return apply_one(queue, to_change(user_ident, EVFILT_USER, EV_ADD | EV_CLEAR)) == 0;
}

void trigger_user_filter(int queue) noexcept {
  const int saved = errno;
  static_cast<void>(apply_one(queue, to_change(user_ident, EVFILT_USER, 0, NOTE_TRIGGER)));
  errno = saved;
}

bool is_user_filter(const Kevent& event) noexcept {
  return filter_of(event) == EVFILT_USER;
}

#else

// No such filter, or an emulation whose kevent() takes locks and must not be called by a signal
// handler.
bool add_user_filter(int /*queue*/) noexcept {
  return false;
}
void trigger_user_filter(int /*queue*/) noexcept {}
bool is_user_filter(const Kevent& /*event*/) noexcept {
  return false;
}

#endif

}  // namespace polymux
