#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <vector>

#include <polymux/poller/backend_info.hpp>

#include "backends/kqueue/kevents.hpp"
#include "backends/support/checked_poller.hpp"
#include "backends/support/open_backend.hpp"
#include "platform/readiness_probe.hpp"
#include "platform/system_error.hpp"
#include "platform/timespec.hpp"

namespace polymux {
namespace {

// Events per system call; what is ready beyond it comes first the next time.
constexpr std::size_t greatest_batch = 1024;

#if defined(EVFILT_EXCEPT) && defined(NOTE_OOB)
// Urgent data: macOS and OpenBSD.
constexpr bool has_priority = true;
constexpr int priority_filter = EVFILT_EXCEPT;
constexpr unsigned priority_flags = NOTE_OOB;
#else
constexpr bool has_priority = false;
constexpr int priority_filter = 0;
constexpr unsigned priority_flags = 0;
#endif

#ifdef EV_DISPATCH
constexpr unsigned disable_after_report = EV_DISPATCH;
#else
// Old NetBSD: disarm() does it after the report.
constexpr unsigned disable_after_report = 0;
#endif

unsigned flags_of(const Registration& registration) noexcept {
  if (registration.trigger == Trigger::edge) return EV_ADD | EV_CLEAR;
  if (registration.trigger == Trigger::oneshot) return EV_ADD | disable_after_report;
  return EV_ADD;
}

/// The filters that a registration has in the kernel, each with `flags`. There is always one: with
/// interest none a disabled one stays, for the kernel drops it when the number is closed, and that
/// tells whether the number still means the same file.
Changes filters_of(int fd, const Registration& registration, unsigned flags) noexcept {
  Changes changes;
  const auto interest = registration.interest;
  const bool is_kept = interest == Interest::none;
  const bool keeps_read = is_kept && registration.file.can_read;
  const bool keeps_write = is_kept && !registration.file.can_read;
  if (contains(interest, Interest::read) || keeps_read) {
    changes.add(to_change(fd, EVFILT_READ, flags));
  }
  if (contains(interest, Interest::write) || keeps_write) {
    changes.add(to_change(fd, EVFILT_WRITE, flags));
  }
  if (contains(interest, Interest::priority)) {
    changes.add(to_change(fd, priority_filter, flags, priority_flags));
  }
  return changes;
}

/// What puts them there.
Changes arming_of(int fd, const Registration& registration) noexcept {
  auto changes = filters_of(fd, registration, flags_of(registration));
  if (registration.wanted() != Interest::none) return changes;
  changes.append(filters_of(fd, registration, EV_DISABLE).all());
  return changes;
}

// What one filter's event means. EV_EOF is each filter's own: the writer's says that nobody reads any
// more, or that we ourselves have shut down writing, and neither is a hang-up. fflags may hold an
// error beside it, but not for every kind of file and filter, so no hint is made of it.
Ready to_ready(const Kevent& event) noexcept {
  switch (filter_of(event)) {
    case EVFILT_READ:
      return has_flag(event, EV_EOF) ? Ready::readable | Ready::read_closed : Ready::readable;
    case EVFILT_WRITE:
      return Ready::writable;
    default:
      return Ready::priority;
  }
}

std::error_code translate(std::intptr_t code) noexcept {
  switch (code) {
    case EBADF:
      return Errc::bad_descriptor;
    case ENOENT:
      return Errc::not_registered;
    // What a kernel says of a descriptor that has no such filter: terminals and devices of macOS,
    // packet filters of FreeBSD. select(2) takes most of them.
    case EINVAL:
    case ENODEV:
    case EPERM:
    case ENOTSUP:
      return Errc::refused_by_backend;
    default:
      return {static_cast<int>(code), std::system_category()};
  }
}

class KqueuePoller final : public CheckedPoller {
 public:
  explicit KqueuePoller(const Capabilities& capabilities) noexcept : CheckedPoller(capabilities) {}
  ~KqueuePoller() override {
    // Not inherited over fork: in a child the number is free, or another's.
    if (is_foreign_process()) static_cast<void>(queue_.release());
  }

  [[nodiscard]] std::error_code open() noexcept {
    queue_.reset(open_kqueue());
    if (!queue_) return last_error();
    has_user_filter_ = add_user_filter(queue_.get());
    if (has_user_filter_) return {};
    if (const auto error = open_wakeup()) return error;
    Changes watch;
    watch.add(to_change(wakeup_fd(), EVFILT_READ, EV_ADD));
    return apply_all(watch);
  }

 private:
  std::error_code attach(int fd, Registration& fresh, const Registration* known) override {
    if (const auto error = check_readiness(fd, fresh.file)) return error;
    if (known != nullptr && is_same_file(fd, *known)) return Errc::already_registered;
    if (known != nullptr) unbreak(fd);
    fresh.key = not_in_batch;
    return arm(fd, fresh);
  }

  std::error_code rearm(int fd, Registration& changed, const Registration& current) override {
    auto old_filters = filters_in_kernel(fd, current, EV_DELETE);
    // Taken out and put in again: some kernels keep the old flags of a filter that is added twice,
    // and some do not look again at one that is enabled.
    if (const auto error = apply_all(old_filters)) {
      return error;
    }
    const bool was_broken = unbreak(fd);
    const auto error = arm(fd, changed);
    if (!error) return {};
    auto restored = arming_of(fd, current);
    static_cast<void>(apply_all(restored));
    if (was_broken) broken_.push_back(fd);
    return error;
  }

  void detach(int fd, const Registration& gone) noexcept override {
    auto filters = filters_in_kernel(fd, gone, EV_DELETE);
    // Fails if the number was closed, and then the kernel has dropped them.
    apply(queue_.get(), filters.all());
    unbreak(fd);
  }

  int handle() const noexcept override { return queue_.get(); }

  void rouse() noexcept override {
    if (has_user_filter_) {
      trigger_user_filter(queue_.get());
    } else {
      CheckedPoller::rouse();
    }
  }

  Look look(std::span<Event> out, Timeout timeout) override {
    const auto room = std::min(out.size(), greatest_batch);
    if (batch_.size() < room) batch_.resize(room);
    const auto count = report_broken(out.first(room));
    if (count > 0) return {.count = count};
    int found = wait_once(room, timeout);
    if (found < 0) return {.error = last_error()};
    auto taken = take(found, out);
    // The wake-up took the place of an event that may be ready.
    if (taken.was_woken && taken.count == 0) {
      found = wait_once(room, std::chrono::nanoseconds::zero());
      if (found > 0) taken = take(found, out);
    }
    return {.count = taken.count};
  }

  static constexpr std::uint32_t not_in_batch = ~0U;

  struct Taken {
    std::size_t count = 0;
    bool was_woken = false;
  };

  // Two filters, one event: the key of a registration is its place in this batch.
  Taken take(int found, std::span<Event> out) noexcept {
    const std::span<const Kevent> events(batch_.data(), static_cast<std::size_t>(found));
    Taken taken;
    for (const auto& event : events) {
      if (is_wakeup(event)) {
        taken.was_woken = true;
        continue;
      }
      Registration* registration = registrations().find(fd_of(event));
      if (registration == nullptr || registration->wanted() == Interest::none) continue;
      if (registration->key == not_in_batch) {
        registration->key = static_cast<std::uint32_t>(taken.count);
        out[taken.count++] = {registration->token, Ready::none};
      }
      out[registration->key].ready |= to_ready(event);
    }
    for (const auto& event : events) finish(event);
    return taken;
  }

  // The second look at a batch: every event is whole by now.
  void finish(const Kevent& event) noexcept {
    Registration* registration = is_user_filter(event) ? nullptr
                                                       : registrations().find(fd_of(event));
    if (registration == nullptr || registration->key == not_in_batch) return;
    registration->key = not_in_batch;
    if (registration->trigger == Trigger::oneshot) disarm(fd_of(event), *registration);
  }

  // One event for both directions: the filter that did not fire is silenced too.
  void disarm(int fd, Registration& registration) noexcept {
    auto filters = filters_in_kernel(fd, registration, EV_DISABLE);
    registration.state = Registration::State::fired;
    if (filters.size() > 1 || disable_after_report == 0) apply(queue_.get(), filters.all());
  }

  [[nodiscard]] bool is_wakeup(const Kevent& event) noexcept {
    if (is_user_filter(event)) return true;
    if (has_user_filter_ || fd_of(event) != wakeup_fd()) return false;
    clear_wakeup();
    return true;
  }

  std::error_code arm(int fd, const Registration& registration) {
    broken_.reserve(broken_.size() + 1);
    auto filters = arming_of(fd, registration);
    apply(queue_.get(), filters.all());
    std::error_code failure;
    bool is_broken = false;
    for (const auto& change : filters.all()) {
      if (change.data == 0) continue;
      // A pipe that nobody reads: FreeBSD and macOS refuse the writer's filter (EPIPE), where the
      // contract says that it is writable.
      is_broken = change.data == EPIPE && filter_of(change) == EVFILT_WRITE;
      if (!is_broken) failure = translate(change.data);
    }
    if (failure) {
      // Half a registration is none.
      auto undo = filters_of(fd, registration, EV_DELETE);
      apply(queue_.get(), undo.all());
    } else if (is_broken) {
      broken_.push_back(fd);
    }
    return failure == Errc::not_registered ? make_error_code(Errc::bad_descriptor) : failure;
  }

  // A filter that the kernel still has tells that the number was not closed meanwhile.
  [[nodiscard]] bool is_same_file(int fd, const Registration& known) noexcept {
    auto filters = filters_in_kernel(fd, known, EV_DISABLE);
    const bool is_silent = known.wanted() == Interest::none;
    if (!is_silent) filters.append(filters_in_kernel(fd, known, EV_ENABLE).all());
    return !apply_all(filters);
  }

  std::error_code apply_all(Changes& changes) noexcept {
    apply(queue_.get(), changes.all());
    for (const auto& change : changes.all()) {
      if (change.data != 0) return translate(change.data);
    }
    return {};
  }

  /// Writers whose filter the kernel refused: they are ready until their registration ends.
  std::size_t report_broken(std::span<Event> out) noexcept {
    std::size_t count = 0;
    for (const int fd : broken_) {
      auto& registration = registrations().at(fd);
      if (count == out.size()) break;
      if (!contains(registration.wanted(), Interest::write)) continue;
      out[count++] = {registration.token, Ready::writable};
      if (registration.trigger != Trigger::level) {
        registration.state = Registration::State::fired;
      }
    }
    // The others go first the next time.
    if (count > 0) std::ranges::rotate(broken_, broken_.begin() + 1);
    return count;
  }

  [[nodiscard]] bool is_broken(int fd) const noexcept {
    return std::ranges::find(broken_, fd) != broken_.end();
  }

  bool unbreak(int fd) noexcept { return std::erase(broken_, fd) > 0; }

  [[nodiscard]] Changes filters_in_kernel(int fd, const Registration& registration,
                                          unsigned flags) const noexcept {
    auto filters = filters_of(fd, registration, flags);
    if (broken_.empty() || !is_broken(fd)) return filters;
    Changes present;
    for (const auto& filter : filters.all()) {
      if (filter_of(filter) != EVFILT_WRITE) present.add(filter);
    }
    return present;
  }

  int wait_once(std::size_t room, Timeout timeout) noexcept {
    const auto left = to_timespec(timeout);
    return wait_for_kevents(queue_.get(), std::span(batch_).first(room), left ? &*left : nullptr);
  }

  UniqueFd queue_;
  std::vector<Kevent> batch_;
  std::vector<int> broken_;
  bool has_user_filter_ = false;
};

std::unique_ptr<Poller> open_kqueue_poller(std::error_code& error) noexcept {
  const Capabilities capabilities{.edge = true,
                                  .priority = has_priority,
                                  .read_closed = true,
                                  .pollable_handle = true,
                                  .wait_cost = WaitCost::ready};
  return open_backend<KqueuePoller>(capabilities, error);
}

}  // namespace

extern const BackendInfo kqueue_backend;
const BackendInfo kqueue_backend{
    .name = "kqueue",
    .summary = POLYMUX_KQUEUE_IS_EMULATED ? "kqueue(2), emulated by libkqueue"
                                          : "kqueue(2) of the BSDs and macOS",
    .preference = POLYMUX_KQUEUE_IS_EMULATED ? -10 : 30,
    .open = open_kqueue_poller};

}  // namespace polymux
