#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "backends/kqueue/kevents.hpp"
#include "backends/kqueue/refusals.hpp"
#include "backends/support/checked_poller.hpp"
#include "backends/support/open_backend.hpp"
#include "core/poller/backend_info.hpp"
#include "platform/readiness_probe.hpp"
#include "platform/system_error.hpp"
#include "platform/timespec.hpp"

namespace polymux {
namespace {

// Events per system call; what is ready beyond it comes first the next time.
constexpr std::size_t greatest_batch = 1024;

#if POLYMUX_HAS_NOTE_OOB
// Urgent data: macOS, OpenBSD and DragonFly. macOS looks for ordinary data and for the end of the
// stream, too, once it finds no mark (filt_soread_common of its uipc_socket.c): the answer says
// NOTE_OOB or is not meant, and EV_CLEAR keeps one that is not meant from coming back at once.
constexpr bool has_priority = true;
constexpr int priority_filter = EVFILT_EXCEPT;
constexpr unsigned priority_flags = NOTE_OOB;
#else
constexpr bool has_priority = false;
constexpr int priority_filter = 0;
constexpr unsigned priority_flags = 0;
#endif

// The marks of a registration. It has no filters, since the kernel will not have them:
constexpr std::uint8_t is_lost = 1;
// It had its turn by one filter, and the other one may still stand in the kernel's queue:
constexpr std::uint8_t has_read_to_come = 2;
constexpr std::uint8_t has_write_to_come = 4;

#if POLYMUX_HAS_EV_DISPATCH
constexpr unsigned disable_after_report = EV_DISPATCH;
#else
// Old NetBSD: disarm() does it after the report.
constexpr unsigned disable_after_report = 0;
#endif

unsigned flags_of(const Registration& registration) noexcept {
  if (registration.wanted() == Interest::none) return EV_ADD | EV_DISABLE;
  if (registration.trigger == Trigger::edge) return EV_ADD | EV_CLEAR;
  if (registration.trigger == Trigger::oneshot) return EV_ADD | disable_after_report;
  return EV_ADD;
}

// OpenBSD calls the end of a pipe exceptional; a pipe has no urgent data.
bool has_urgent_data(const Registration& registration) noexcept {
  return contains(registration.interest, Interest::priority) && !registration.file.is_pipe;
}

Kevent to_priority_change(int fd, unsigned flags) noexcept {
  if ((flags & EV_ADD) != 0) flags = (flags & ~disable_after_report) | EV_CLEAR;
  return to_change(fd, priority_filter, flags, priority_flags);
}

bool is_of_priority_filter(const Kevent& event) noexcept {
  return has_priority && filter_of(event) == priority_filter;
}

/// The filters that a registration has in the kernel, each with `flags`; none if it is lost.
Changes filters_of(int fd, const Registration& registration, unsigned flags) noexcept {
  Changes changes;
  if (registration.note == is_lost) return changes;
  if (contains(registration.interest, Interest::read)) {
    changes.add(to_change(fd, EVFILT_READ, flags));
  }
  if (contains(registration.interest, Interest::write)) {
    changes.add(to_change(fd, EVFILT_WRITE, flags));
  }
  if (has_urgent_data(registration)) changes.add(to_priority_change(fd, flags));
  if (changes.size() > 0) return changes;
  // With nothing to wait for a disabled one stays: the kernel drops it when the number is closed,
  // and that tells whether the number still means the same file.
  if ((flags & EV_ADD) != 0) flags |= EV_DISABLE;
  changes.add(to_change(fd, registration.file.can_read ? EVFILT_READ : EVFILT_WRITE, flags));
  return changes;
}

/// The mark that the other filter leaves while this one may still come.
std::uint8_t to_come(const Kevent& event) noexcept {
  if (filter_of(event) == EVFILT_READ) return has_read_to_come;
  return filter_of(event) == EVFILT_WRITE ? has_write_to_come : std::uint8_t{0};
}

/// What may still come of a registration that was reported as `told`. Level only: the kernel gives
/// it again, so that nothing is lost if it is passed over once.
std::uint8_t to_come(const Registration& registration, Ready told) noexcept {
  constexpr auto both = Interest::read | Interest::write;
  if (registration.trigger != Trigger::level || !contains(registration.interest, both)) return 0;
  if (!contains(told, Ready::readable)) return has_read_to_come;
  return contains(told, Ready::writable) ? std::uint8_t{0} : has_write_to_come;
}

/// Whether a filter was refused for a file whose other side has closed for good: the writer's of a
/// pipe without reader, with EPIPE by FreeBSD, OpenBSD and macOS and with EBADF by NetBSD
/// (pipe_kqfilter of each sys_pipe.c).
bool is_refused_for_good(const Kevent& change, const Registration& registration) noexcept {
  const bool is_pipe_writer = registration.file.is_pipe && filter_of(change) == EVFILT_WRITE;
  return change.data == EPIPE || (is_pipe_writer && change.data == EBADF);
}

// What one filter's event means. EV_EOF is each filter's own: the writer's says that nobody reads
// any more, or that we ourselves have shut down writing, and neither is a hang-up. fflags may hold
// an error beside it, but not for every kind of file and filter, so no hint is made of it.
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
    case EOPNOTSUPP:
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

  [[nodiscard]] std::error_code open() {
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
    if (const auto error = refuse_by_system(fd, fresh.file)) return error;
    if (known != nullptr) {
      if (is_same_file(fd, *known, fresh.file)) return Errc::already_registered;
      drop_filters(fd, *known);
    }
    fresh.key = not_in_batch;
    if (const auto error = arm(fd, fresh)) return error;
    if (known != nullptr) forget_lost(*known);
    return {};
  }

  std::error_code rearm(int fd, Registration& changed, const Registration& current) override {
    // Taken out and put in again: some kernels keep the old flags of a filter that is added twice,
    // and some do not look again at one that is enabled.
    if (const auto error = take_out(fd, current)) return error;
    changed.note = 0;
    const auto error = arm(fd, changed);
    if (!error) {
      forget_lost(current);
      return {};
    }
    auto old_filters = filters_of(fd, current, flags_of(current));
    static_cast<void>(apply_all(old_filters));
    return error;
  }

  void detach(int fd, const Registration& gone) noexcept override {
    drop_filters(fd, gone);
    forget_lost(gone);
  }

  int open_handle() noexcept override { return queue_.get(); }

  void rouse() noexcept override {
    if (has_user_filter_) {
      trigger_user_filter(queue_.get());
    } else {
      CheckedPoller::rouse();
    }
  }

  Look look(std::span<Event> out, Timeout timeout) override {
    const auto room = std::min(out.size(), greatest_batch);
    if (batch_.size() < room) {
      // Either may throw: what is asked for above grows last.
      reported_.resize(room);
      batch_.resize(room);
    }
    return lost_ == 0 ? look_at_kernel(out.first(room), timeout)
                      : look_at_both(out.first(room), timeout);
  }

  // What is lost is ready now, and takes turns with the kernel's events to go first.
  Look look_at_both(std::span<Event> out, Timeout timeout) {
    lost_go_first_ = !lost_go_first_;
    was_roused_ = false;
    std::size_t count = lost_go_first_ ? report_lost(out) : 0;
    if (count < out.size()) {
      count += look_at_kernel(out.subspan(count), std::chrono::nanoseconds::zero()).count;
    }
    if (!lost_go_first_) count += report_lost(out.subspan(count));
    // What roused us is cleared by now, and would not end a sleep.
    return count > 0 || was_roused_ ? Look{.count = count} : look_at_kernel(out, timeout);
  }

  // Never more filters than there is room for: each may be an event of its own, and what the kernel
  // gave cannot be given back. Two that make one event leave room, and so does what is passed over:
  // the kernel is then asked for the rest.
  Look look_at_kernel(std::span<Event> out, Timeout timeout) {
    std::size_t count = 0;
    int found = wait_once(out.size(), timeout);
    if (found < 0) return {.error = last_error()};
    while (found > 0) {
      const std::span<const Kevent> batch(batch_.data(), static_cast<std::size_t>(found));
      const bool is_full = batch.size() == out.size() - count;
      const bool is_news = take(batch, is_full, out, count);
      // What is level comes again once all had their turn.
      if (!is_full || !is_news || count == out.size()) break;
      found = wait_once(out.size() - count, std::chrono::nanoseconds::zero());
    }
    finish(out, count);
    return {.count = count};
  }

  static constexpr std::uint32_t not_in_batch = ~0U;

  /// What is behind an event of this wait.
  struct Reported {
    int fd = -1;
    /// The kernel has dropped a filter.
    bool is_dropped = false;
  };

  // Returns whether there was anything that this wait had not seen.
  bool take(std::span<const Kevent> batch, bool is_full, std::span<Event> out,
            std::size_t& count) noexcept {
    bool is_news = false;
    for (const auto& event : batch) {
      if (is_wakeup(event)) {
        was_roused_ = is_news = true;
        continue;
      }
      Registration* registration = registrations().find(fd_of(event));
      if (registration == nullptr || registration->wanted() == Interest::none) continue;
      const bool is_passed_over =
          (is_of_priority_filter(event) && !take_urgent(event, *registration)) ||
          (is_full && has_had_its_turn(event, *registration));
      is_news = is_passed_over || merge(event, *registration, out, count) || is_news;
    }
    return is_news;
  }

  // Two filters, one event: the key of a registration is its place in `out`. Returns whether it
  // says anything new.
  bool merge(const Kevent& event, Registration& registration, std::span<Event> out,
             std::size_t& count) noexcept {
    if (registration.key == not_in_batch) {
      registration.key = static_cast<std::uint32_t>(count);
      reported_[count] = {.fd = fd_of(event)};
      out[count++] = {registration.token, Ready::none};
    }
    if (has_flag(event, EV_ONESHOT)) reported_[registration.key].is_dropped = true;
    auto& ready = out[registration.key].ready;
    const bool is_known = contains(ready, to_ready(event));
    ready |= to_ready(event);
    return !is_known;
  }

  // The second filter of what the last wait had no room to see whole: a turn belongs to both.
  // Passed over once; the kernel gives it again after all others.
  static bool has_had_its_turn(const Kevent& event, Registration& registration) noexcept {
    const auto mark = to_come(event);
    if ((registration.note & mark) == 0 || registration.key != not_in_batch) return false;
    registration.note = static_cast<std::uint8_t>(registration.note & ~unsigned{mark});
    return !has_flag(event, EV_ONESHOT);
  }

  // False if there is no urgent data. What is level goes in again, so that the kernel looks again.
  bool take_urgent(const Kevent& event, const Registration& registration) noexcept {
    if ((static_cast<unsigned>(event.fflags) & priority_flags) == 0) return false;
    if (registration.trigger == Trigger::level) {
      static_cast<void>(apply_one(queue_.get(), to_priority_change(fd_of(event), EV_ADD)));
    }
    return true;
  }

  // Every event is whole by now.
  void finish(std::span<const Event> out, std::size_t count) noexcept {
    for (std::size_t place = 0; place < count; ++place) {
      const auto [fd, is_dropped] = reported_[place];
      auto& registration = registrations().at(fd);
      registration.key = not_in_batch;
      if (registration.note != is_lost) {
        registration.note = count == out.size() ? to_come(registration, out[place].ready) : 0;
      }
      if (registration.trigger == Trigger::oneshot) disarm(fd, registration);
      // Nobody asks for it: the kernel has dropped the filter, for the other side is closed. So do
      // FreeBSD with the writer of a pipe (knlist_clear), and OpenBSD with a device
      // that is gone (klist_invalidate).
      if (!is_dropped) continue;
      if (registration.trigger == Trigger::edge) registration.state = Registration::State::fired;
      lose(fd, registration);
    }
  }

  // One event for both directions: the filter that did not fire is silenced too.
  void disarm(int fd, Registration& registration) noexcept {
    auto filters = filters_of(fd, registration, EV_DISABLE);
    registration.state = Registration::State::fired;
    const bool is_disabled =
        filters.size() == 1 && disable_after_report != 0 && !has_urgent_data(registration);
    if (!is_disabled) apply(queue_.get(), filters.all());
  }

  void drop_filters(int fd, const Registration& registration) noexcept {
    auto filters = filters_of(fd, registration, EV_DELETE);
    // Fails if the number was closed, and then the kernel has dropped them.
    apply(queue_.get(), filters.all());
  }

  // From here on it is reported by us.
  void lose(int fd, Registration& registration) noexcept {
    if (registration.note == is_lost) return;
    drop_filters(fd, registration);
    registration.note = is_lost;
    ++lost_;
    // Who waits for the handle has to notice, too.
    if (registration.wanted() != Interest::none) rouse();
  }

  void forget_lost(const Registration& gone) noexcept {
    if (gone.note == is_lost) --lost_;
  }

  [[nodiscard]] bool is_wakeup(const Kevent& event) noexcept {
    if (is_user_filter(event)) return true;
    if (has_user_filter_ || fd_of(event) != wakeup_fd()) return false;
    clear_wakeup();
    return true;
  }

  std::error_code arm(int fd, Registration& registration) noexcept {
    auto filters = filters_of(fd, registration, flags_of(registration));
    apply(queue_.get(), filters.all());
    std::error_code failure;
    bool is_over = false;
    for (const auto& change : filters.all()) {
      if (change.data == 0) continue;
      if (is_refused_for_good(change, registration)) {
        is_over = true;
      } else {
        failure = translate(change.data);
      }
    }
    if (!failure && !is_over) return {};
    // Half a registration is none.
    if (failure) {
      drop_filters(fd, registration);
    } else {
      lose(fd, registration);
    }
    return failure;
  }

  /// Takes the filters from the kernel, which says if the number was closed meanwhile.
  std::error_code take_out(int fd, const Registration& current) noexcept {
    if (current.note == is_lost) return confirm(fd, current);
    auto filters = filters_of(fd, current, EV_DELETE);
    return apply_all(filters);
  }

  // A filter that is still there tells that the number was not closed. The kernel drops all of them
  // together, so that one is enough; off and on again, it is as it was.
  bool is_same_file(int fd, const Registration& known, const DescriptorInfo& now) noexcept {
    if (known.file.file_id != now.file_id) return false;
    auto filters = filters_of(fd, known, EV_DISABLE);
    if (filters.size() == 0) return true;
    const auto& probe = filters.all().front();
    if (apply_one(queue_.get(), probe) != 0) return false;
    if (known.wanted() == Interest::none) return true;
    auto back = filters_of(fd, known, EV_ENABLE);
    return apply_one(queue_.get(), back.all().front()) == 0;
  }

  // Without a filter the file's number alone tells.
  static std::error_code confirm(int fd, const Registration& lost) noexcept {
    DescriptorInfo now;
    if (const auto error = describe(fd, now)) return error;
    return now.file_id == lost.file.file_id ? std::error_code{} : Errc::not_registered;
  }

  std::error_code apply_all(Changes& changes) noexcept {
    apply(queue_.get(), changes.all());
    for (const auto& change : changes.all()) {
      if (change.data != 0) return translate(change.data);
    }
    return {};
  }

  /// Reports what has no filters, going round from where the last report stopped.
  std::size_t report_lost(std::span<Event> out) noexcept {
    std::size_t count = 0;
    const int start = lost_cursor_;
    const auto visit = [&](int fd, Registration& registration) {
      if (registration.note != is_lost || count == out.size()) return;
      if (registration.wanted() == Interest::none) return;
      out[count++] = {registration.token, report_one_lost(fd, registration)};
      lost_cursor_ = fd + 1;
    };
    registrations().for_each([&](int fd, Registration& registration) {
      if (fd >= start) visit(fd, registration);
    });
    registrations().for_each([&](int fd, Registration& registration) {
      if (fd < start) visit(fd, registration);
    });
    if (count > 0) rouse();
    return count;
  }

  static Ready report_one_lost(int fd, Registration& registration) noexcept {
    // Any other error is the system's and passes: nothing says that the file is gone.
    const auto error = confirm(fd, registration);
    if (error == Errc::bad_descriptor || error == Errc::not_registered) {
      registration.state = Registration::State::invalid;
      return Ready::invalid;
    }
    if (registration.trigger != Trigger::level) registration.state = Registration::State::fired;
    auto ready = Ready::none;
    if (contains(registration.interest, Interest::read)) ready |= Ready::readable;
    if (contains(registration.interest, Interest::write)) ready |= Ready::writable;
    return ready;
  }

  int wait_once(std::size_t room, Timeout timeout) noexcept {
    const auto left = to_timespec(timeout);
    return wait_for_kevents(queue_.get(), std::span(batch_).first(room), left ? &*left : nullptr);
  }

  UniqueFd queue_;
  std::vector<Kevent> batch_;
  std::vector<Reported> reported_;
  bool has_user_filter_ = false;
  /// How many registrations are lost, and who is reported next.
  std::size_t lost_ = 0;
  int lost_cursor_ = 0;
  bool lost_go_first_ = false;
  /// A wake came with one of this look's batches.
  bool was_roused_ = false;
};

// A kqueue can be waited for as a file (kqueue(2)). What libkqueue gives is the write end of a
// pipe, which tells nothing.
constexpr bool has_pollable_handle = !POLYMUX_KQUEUE_IS_EMULATED;

std::unique_ptr<Poller> open_kqueue_poller(std::error_code& error) noexcept {
  const Capabilities capabilities{.edge = true,
                                  .priority = has_priority,
                                  .read_closed = true,
                                  .pollable_handle = has_pollable_handle,
                                  .wait_cost = WaitCost::ready};
  return open_backend<KqueuePoller>(capabilities, error);
}

}  // namespace

extern const BackendInfo kqueue_backend;
const BackendInfo kqueue_backend{.name = "kqueue",
                                 .summary = POLYMUX_KQUEUE_IS_EMULATED
                                                ? "kqueue(2), emulated by libkqueue"
                                                : "kqueue(2) of the BSDs and macOS",
                                 .preference = POLYMUX_KQUEUE_IS_EMULATED ? -10 : 30,
                                 .open = open_kqueue_poller};

}  // namespace polymux
