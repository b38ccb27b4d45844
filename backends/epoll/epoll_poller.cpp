#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <utility>
#include <vector>

#include <polymux/poller/backend_info.hpp>

#include "backends/support/checked_poller.hpp"
#include "backends/support/open_backend.hpp"
#include "platform/poll_bits.hpp"
#include "platform/registration_error.hpp"
#include "platform/system_error.hpp"
#include "platform/timespec.hpp"

namespace polymux {
namespace {

static_assert(EPOLLIN == POLLIN && EPOLLOUT == POLLOUT && EPOLLPRI == POLLPRI &&
              EPOLLERR == POLLERR && EPOLLHUP == POLLHUP && EPOLLRDHUP == POLLRDHUP);

// Events per system call; what is ready beyond it comes first the next time.
constexpr std::size_t greatest_batch = 1024;

// No registration has generation 0.
constexpr std::uint64_t wakeup_data = 0;

std::uint64_t to_data(int fd, const Registration& registration) noexcept {
  return static_cast<std::uint64_t>(registration.key) << 32 | static_cast<std::uint32_t>(fd);
}

int fd_of(const epoll_event& event) noexcept {
  return static_cast<int>(event.data.u64 & 0xffffffffU);
}

// Interest none, a fired oneshot and an invalid one stay in the set, lest the kernel forgets which
// file the number means; EPOLLONESHOT alone disarms them after at most one hang-up.
std::uint32_t to_epoll_bits(const Registration& registration) noexcept {
  const auto wanted = registration.wanted();
  if (wanted == Interest::none) return EPOLLONESHOT;
  const auto bits = static_cast<std::uint32_t>(to_poll_bits(wanted));
  if (registration.trigger == Trigger::edge) return bits | EPOLLET;
  if (registration.trigger == Trigger::oneshot) return bits | EPOLLONESHOT;
  return bits;
}

class EpollPoller final : public CheckedPoller {
 public:
  explicit EpollPoller(const Capabilities& capabilities) noexcept : CheckedPoller(capabilities) {}
  ~EpollPoller() override {
    if (!is_foreign_process()) return;
    static_cast<void>(set_.release());
    static_cast<void>(handle_set_.release());
  }

  [[nodiscard]] std::error_code open() noexcept {
    if (const auto error = open_wakeup()) return error;
    set_.reset(::epoll_create1(EPOLL_CLOEXEC));
    return set_ ? watch_wakeup() : last_error();
  }

 private:
  std::error_code attach(int fd, Registration& fresh, const Registration* known) override {
    fresh.key = next_generation();
    const auto error = control(EPOLL_CTL_ADD, fd, fresh);
    // Not ours any more: a duplicate kept the entry alive, and the same file is back.
    const bool is_leftover = error == Errc::already_registered && known == nullptr;
    return is_leftover ? control(EPOLL_CTL_MOD, fd, fresh) : error;
  }

  std::error_code rearm(int fd, Registration& changed, const Registration& /*current*/) override {
    const auto error = control(EPOLL_CTL_MOD, fd, changed);
    // A file without readiness was never in the set: the number is another file's by now (MOD-4).
    return error == Errc::not_pollable ? Errc::not_registered : error;
  }

  void detach(int fd, const Registration& gone) noexcept override {
    // Fails if the number was closed. If a duplicate keeps the entry alive, its events carry a
    // generation that nobody has, and the set is made anew.
    static_cast<void>(control(EPOLL_CTL_DEL, fd, gone));
  }

  // A set around the set: who waits for it with another epoll waits for this file, and the set
  // within may have to be made anew.
  int open_handle() noexcept override {
    handle_set_.reset(::epoll_create1(EPOLL_CLOEXEC));
    if (handle_set_ && show_on_handle()) handle_set_.reset();
    return handle_set_.get();
  }

  Look look(std::span<Event> out, Timeout timeout) override {
    const auto room = std::min(out.size(), greatest_batch);
    if (batch_.size() < room) batch_.resize(room);
    Taken all;
    // A set that was made anew tells again what this look has reported.
    std::size_t repeats = 0;
    bool goes_on = true;
    while (goes_on) {
      if (needs_rebuild_) {
        if (const auto error = rebuild()) return to_look(all.count, error);
        needs_rebuild_ = false;
        repeats = all.count;
      }
      const int found = wait_once(all.count, room, timeout);
      if (found < 0) return to_look(all.count, last_error());
      all = take(all.count, all.count + static_cast<std::size_t>(found), out);
      timeout = std::chrono::nanoseconds::zero();
      // What is nobody's business took the place of an event that may be ready.
      const bool hid_something = all.has_dropped || (all.repeated > 0 && repeats > 0);
      goes_on = hid_something && all.end == room && all.count < room;
      repeats -= std::min(repeats, all.repeated);
    }
    return {.count = all.count};
  }

  // A failure after events is told by the next look.
  static Look to_look(std::size_t count, std::error_code error) noexcept {
    return count > 0 ? Look{.count = count} : Look{.error = error};
  }

  struct Taken {
    /// What was reported by this look so far: the first events of the batch.
    std::size_t count = 0;
    std::size_t end = 0;
    std::size_t repeated = 0;
    bool has_dropped = false;
  };

  // Reports what the kernel put into the batch between these places.
  Taken take(std::size_t begin, std::size_t end, std::span<Event> out) noexcept {
    Taken taken{.count = begin, .end = end};
    for (auto index = begin; index < end; ++index) {
      const auto event = batch_[index];
      if (add_to_reported(event, out.first(begin))) {
        ++taken.repeated;
      } else if (take_one(event, out[taken.count])) {
        batch_[taken.count++] = event;
      } else {
        taken.has_dropped = true;
      }
    }
    return taken;
  }

  // A second look finds anew what holds still, and what came about meanwhile: an edge tells that
  // only once. False for what was not reported yet.
  bool add_to_reported(const epoll_event& event, std::span<Event> reported) noexcept {
    for (std::size_t index = 0; index < reported.size(); ++index) {
      if (batch_[index].data.u64 != event.data.u64) continue;
      const auto& registration = registrations().at(fd_of(event));
      reported[index].ready |= to_ready(static_cast<int>(event.events), registration.wanted());
      return true;
    }
    return false;
  }

  // Whether there is something to tell. The wake-up is not, nor is the hang-up of one that rests.
  bool take_one(const epoll_event& event, Event& out) noexcept {
    if (event.data.u64 == wakeup_data) {
      clear_wakeup();
      return false;
    }
    const int fd = fd_of(event);
    Registration* registration = registrations().find(fd);
    if (registration == nullptr || registration->key != event.data.u64 >> 32) {
      needs_rebuild_ = true;
      return false;
    }
    const auto ready = report(fd, *registration, static_cast<int>(event.events));
    if (ready == Ready::none) return false;
    out = {registration->token, ready};
    return true;
  }

  Ready report(int fd, Registration& registration, int bits) noexcept {
    if (is_unwanted_end(bits, registration.wanted())) {
      registration.state = Registration::State::fired;
      // Of a number that was closed while a duplicate lives it cannot be silenced.
      if (control(EPOLL_CTL_MOD, fd, registration)) needs_rebuild_ = true;
      return Ready::none;
    }
    const auto ready = to_ready(bits, registration.wanted());
    if (ready == Ready::none) return ready;
    if (registration.trigger == Trigger::oneshot) {
      registration.state = Registration::State::fired;
    } else if (++registration.note == 0 && !is_same_file(fd, registration)) {
      registration.state = Registration::State::invalid;
      needs_rebuild_ = true;
      return Ready::invalid;
    }
    return ready;
  }

  // A number that was closed while a duplicate lives goes on reporting, and nobody reads what it
  // reports. So every 256th report of a registration is checked; the cost is lost in the noise.
  bool is_same_file(int fd, const Registration& registration) noexcept {
    DescriptorInfo now;
    // Where the kernel cannot tell, it is asked again another time.
    if (const auto error = describe(fd, now)) return error != Errc::bad_descriptor;
    return now.file_id == registration.file.file_id;
  }

  // Such an entry cannot be taken out of the set, for epoll_ctl(2) wants its number: a new set
  // takes the place of the old one.
  std::error_code rebuild() noexcept {
    if (const auto error = replace_set()) return error;
    std::error_code failure = watch_wakeup();
    registrations().for_each([&](int fd, Registration& registration) {
      // What was closed without remove may have become ours.
      const bool is_own = fd == set_.get() || fd == handle_set_.get();
      // Nor is a stranger's file taken in under the old token (MOD-4).
      const bool is_gone = is_own || !is_same_file(fd, registration);
      const auto error = is_gone ? Errc::bad_descriptor : control(EPOLL_CTL_ADD, fd, registration);
      if (!error) return;
      // A number that was closed, or is a file without readiness by now, falls silent, as it would
      // have without a duplicate. All else is told, and the next wait tries again.
      if (error == Errc::bad_descriptor || error == Errc::not_pollable) {
        registration.state = Registration::State::invalid;
      } else {
        failure = error;
      }
    });
    return failure;
  }

  std::error_code replace_set() noexcept {
    UniqueFd fresh(::epoll_create1(EPOLL_CLOEXEC));
    if (!fresh && errno == EMFILE) {
      // The old one makes room.
      set_.reset();
      fresh.reset(::epoll_create1(EPOLL_CLOEXEC));
    }
    if (!fresh) return last_error();
    // Under the old number: the new one may be that of a registration whose number was closed.
    if (!set_ || ::dup3(fresh.get(), set_.get(), O_CLOEXEC) < 0) set_ = std::move(fresh);
    return handle_set_ ? show_on_handle() : std::error_code{};
  }

  std::error_code show_on_handle() noexcept {
    epoll_event event{};
    event.events = EPOLLIN;
    const int failed = ::epoll_ctl(handle_set_.get(), EPOLL_CTL_ADD, set_.get(), &event);
    return failed == 0 ? std::error_code{} : last_error();
  }

  std::error_code control(int operation, int fd, const Registration& registration) noexcept {
    // Another thread took the descriptor that the old set made room with.
    if (!set_) return std::make_error_code(std::errc::too_many_files_open);
    epoll_event event{};
    event.events = to_epoll_bits(registration);
    event.data.u64 = to_data(fd, registration);
    return ::epoll_ctl(set_.get(), operation, fd, &event) == 0 ? std::error_code{}
                                                               : to_registration_error(errno);
  }

  std::error_code watch_wakeup() noexcept {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = wakeup_data;
    const int failed = ::epoll_ctl(set_.get(), EPOLL_CTL_ADD, wakeup_fd(), &event);
    return failed == 0 ? std::error_code{} : last_error();
  }

  // Fills the batch from `begin` on.
  int wait_once(std::size_t begin, std::size_t room, Timeout timeout) noexcept {
    auto* const events = batch_.data() + begin;
    const int most = static_cast<int>(room - begin);
#if POLYMUX_HAS_EPOLL_PWAIT2
    if (capabilities().timeout_step < std::chrono::milliseconds{1}) {
      const auto left = to_timespec(timeout);
      return ::epoll_pwait2(set_.get(), events, most, left ? &*left : nullptr, nullptr);
    }
#endif
    return ::epoll_wait(set_.get(), events, most, to_milliseconds(timeout));
  }

  std::uint32_t next_generation() noexcept {
    if (++generation_ == 0) ++generation_;
    return generation_;
  }

  UniqueFd set_;
  /// For `pollable_handle`; empty while nobody has asked.
  UniqueFd handle_set_;
  std::vector<epoll_event> batch_;
  std::uint32_t generation_ = 0;
  /// Events came of a file that a duplicate keeps alive after its number was closed.
  bool needs_rebuild_ = false;
};

// Nanoseconds need a kernel (5.11), a C library and a sandbox that let epoll_pwait2 through.
bool has_nanoseconds() noexcept {
#if POLYMUX_HAS_EPOLL_PWAIT2
  // A closed set: the answer is EBADF if the call is there, ENOSYS or EPERM if not.
  epoll_event unused{};
  return ::epoll_pwait2(-1, &unused, 1, nullptr, nullptr) < 0 && errno == EBADF;
#else
  return false;
#endif
}

std::unique_ptr<Poller> open_epoll(std::error_code& error) noexcept {
  static const bool has_fine_time_outs = has_nanoseconds();
  const Capabilities capabilities{.edge = true,
                                  .priority = true,
                                  .read_closed = true,
                                  .hangup = true,
                                  .error = true,
                                  .pollable_handle = true,
                                  .timeout_step = has_fine_time_outs ? std::chrono::nanoseconds{1}
                                                                     : std::chrono::milliseconds{1},
                                  .wait_cost = WaitCost::ready};
  return open_backend<EpollPoller>(capabilities, error);
}

}  // namespace

extern const BackendInfo epoll_backend;
const BackendInfo epoll_backend{
    .name = "epoll", .summary = "epoll(7) of Linux", .preference = 30, .open = open_epoll};

}  // namespace polymux
