// BSD and macOS. A kqueue that nobody waits on holds a disabled filter for each number: the kernel
// drops it when the number is closed, also while a duplicate lives (kqueue(2)), so that a filter
// which is gone tells that the number was closed and, if it is open, that it is another file.

#include <sys/event.h>
#include <sys/time.h>
#include <sys/types.h>

#include <polymux/poller/error.hpp>

#include "platform/descriptor_witness.hpp"
#include "platform/readiness_probe.hpp"
#include "platform/system_error.hpp"

namespace polymux {
namespace {

// Without an event list each change is answered by the call itself.
int change(const UniqueFd& queue, int fd, const DescriptorInfo& file, unsigned flags) noexcept {
  struct kevent event {};
  event.ident = static_cast<decltype(event.ident)>(fd);
  event.filter = static_cast<decltype(event.filter)>(file.can_read ? EVFILT_READ : EVFILT_WRITE);
  event.flags = static_cast<decltype(event.flags)>(flags);
  const timespec at_once{};
  const int failed = ::kevent(queue.get(), &event, 1, nullptr, 0, &at_once);
  // After EINTR the change has been made.
  return failed < 0 && errno != EINTR ? errno : 0;
}

}  // namespace

std::error_code DescriptorWitness::open_set() noexcept {
  if (set_) return {};
  set_.reset(::kqueue());
  return set_ ? set_close_on_exec(set_.get()) : last_error();
}

std::error_code DescriptorWitness::admit(int fd, const DescriptorInfo& now,
                                         const DescriptorInfo* before) noexcept {
  if (const auto error = check_readiness(fd, now)) return error;
  if (const auto error = open_set()) return error;
  if (before != nullptr && !confirm(fd, *before)) return Errc::already_registered;
  // What this kqueue does not take, select and poll may: then the file's number alone tells. No
  // code of it is passed on: NetBSD says EBADF of the writer of a pipe without reader.
  static_cast<void>(change(set_, fd, now, EV_ADD | EV_DISABLE));
  return {};
}

std::error_code DescriptorWitness::confirm(int fd, const DescriptorInfo& admitted) noexcept {
  DescriptorInfo now;
  if (const auto error = describe(fd, now)) return error;
  if (change(set_, fd, admitted, EV_DISABLE) == 0) return {};
  // Gone: closed meanwhile. Or never there, if the kernel refuses this kind of file.
  const bool was_refused = change(set_, fd, now, EV_ADD | EV_DISABLE) != 0;
  if (was_refused && now.file_id == admitted.file_id) return {};
  static_cast<void>(change(set_, fd, now, EV_DELETE));
  return Errc::not_registered;
}

void DescriptorWitness::forget(int fd, const DescriptorInfo& admitted) noexcept {
  static_cast<void>(change(set_, fd, admitted, EV_DELETE));
}

}  // namespace polymux
