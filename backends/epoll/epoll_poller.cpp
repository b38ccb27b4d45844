#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <memory>
#include <new>
#include <utility>

#include "backends/support/checked_poller.hpp"
#include "backends/support/open_backend.hpp"
#include "core/poller/backend_info.hpp"
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

// No event that a kernel reports.
constexpr std::uint32_t is_gap = 0;

// Beside the generation, of what is not simply reported as often as it is ready: no generation has
// it, so nothing else has to be looked at to find that out.
constexpr std::uint32_t is_special = 1U << 31;

std::uint32_t to_key(const Registration& registration) noexcept {
  const bool is_plain = registration.state == Registration::State::armed;
  return is_plain ? registration.key : registration.key | is_special;
}

std::uint64_t to_data(int fd, const Registration& registration) noexcept {
  return static_cast<std::uint64_t>(to_key(registration)) << 32 | static_cast<std::uint32_t>(fd);
}

std::uint32_t generation_of(const epoll_event& event) noexcept {
  return static_cast<std::uint32_t>(event.data.u64 >> 32) & ~is_special;
}

// Number 0, of a generation that no registration has.
constexpr auto wakeup_data = static_cast<std::uint64_t>(is_special) << 32;

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
  explicit EpollPoller(const Capabilities& capabilities) noexcept
      : CheckedPoller(capabilities),
        has_nanoseconds_(capabilities.timeout_step < std::chrono::milliseconds{1}) {}
  ~EpollPoller() override {
    if (!is_foreign_process()) return;
    static_cast<void>(set_.release());
    static_cast<void>(handle_set_.release());
  }

  [[nodiscard]] std::error_code open() {
    if (const auto error = open_wakeup()) return error;
    // Where the wake-up looks as if it belonged.
    registrations().place(0);
    set_.reset(::epoll_create1(EPOLL_CLOEXEC));
    return set_ ? watch_wakeup() : last_error();
  }

  [[nodiscard]] WaitResult wait(std::span<Event> out, Timeout timeout) noexcept override {
    return wait_by([this](auto room, auto longest) { return look_once(room, longest); }, out,
                   timeout);
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
    const auto error = control(EPOLL_CTL_DEL, fd, gone);
    // A new set costs more calls, each of which may find as little memory.
    if (error == std::errc::not_enough_memory) static_cast<void>(control(EPOLL_CTL_DEL, fd, gone));
  }

  // A set around the set: who waits for it with another epoll waits for this file, and the set
  // within may have to be made anew.
  int open_handle() noexcept override {
    handle_set_.reset(::epoll_create1(EPOLL_CLOEXEC));
    if (handle_set_ && show_on_handle()) handle_set_.reset();
    return handle_set_.get();
  }

  Look look(std::span<Event> out, Timeout timeout) override {
    const auto count = look_once(out, timeout ? timeout->count() : for_ever);
    return count < 0 ? Look{.error = take_look_error()}
                     : Look{.count = static_cast<std::size_t>(count)};
  }

  // The way of a busy server: what is rare is kept out of it, in functions that are not inlined.
  [[gnu::always_inline]] std::ptrdiff_t look_once(std::span<Event> out,
                                                  std::int64_t left) noexcept {
    if (out.size() != prepared_for_ && !prepare(out.size())) return -1;
    const int found = wait_once(0, room_, left);
    if (found <= 0) return found == 0 ? 0 : fail(last_error());
    const auto* event = batch_.get();
    auto* place = out.data();
    auto more = found;
    do {
      if (!take_plain(*event, *place)) return take_others(found, found - more, out);
      ++event;
      ++place;
    } while (--more != 0);
    return found;
  }

  // From the first event of a look on that `take_plain` has refused.
  [[gnu::noinline]] std::ptrdiff_t take_others(int found, int from, std::span<Event> out) noexcept {
    auto* place = out.data() + from;
    auto* const first = batch_.get() + from;
    auto* const end = batch_.get() + found;
    for (auto* event = first; event != end; ++event) {
      // Asked once of each, for it counts.
      const bool is_plain = event != first && take_plain(*event, *place);
      if (is_plain || take_one(*event, *place)) {
        ++place;
      } else {
        event->events = is_gap;
      }
    }
    const bool is_full = static_cast<std::size_t>(found) == room_;
    const auto count = place - out.data();
    return count == found || !is_full ? count : look_for_hidden(room_, out);
  }

  [[gnu::noinline]] std::ptrdiff_t fail(std::error_code error) noexcept {
    return failed_look(error);
  }

  // What was not reported leaves the batch.
  std::size_t close_gaps(std::size_t end) noexcept {
    const auto* const last =
        std::remove_if(batch_.get(), batch_.get() + end,
                       [](const epoll_event& event) { return event.events == is_gap; });
    return static_cast<std::size_t>(last - batch_.get());
  }

  // For buffers of `size`, until the set has to be made anew.
  [[gnu::noinline]] bool prepare(std::size_t size) noexcept {
    prepared_for_ = 0;
    room_ = std::min(size, greatest_batch);
    if (room_ > batch_room_) {
      batch_.reset(new (std::nothrow) epoll_event[room_]);
      batch_room_ = batch_ ? room_ : 0;
      if (!batch_) {
        fail(std::make_error_code(std::errc::not_enough_memory));
        return false;
      }
    }
    if (needs_rebuild_) {
      const auto error = rebuild();
      needs_rebuild_ = static_cast<bool>(error);
      if (error) {
        fail(error);
        return false;
      }
    }
    prepared_for_ = size;
    return true;
  }

  void ask_for_rebuild() noexcept {
    needs_rebuild_ = true;
    prepared_for_ = 0;
  }

  // What is nobody's business took the place of an event that may be ready.
  [[gnu::noinline]] std::ptrdiff_t look_for_hidden(std::size_t room,
                                                   std::span<Event> out) noexcept {
    Taken all{.count = close_gaps(room)};
    // A set that was made anew tells again what this look has reported.
    std::size_t repeats = 0;
    bool goes_on = true;
    while (goes_on && all.count < room) {
      if (needs_rebuild_) {
        if (!prepare(out.size())) break;
        repeats = all.count;
      }
      const int found = wait_once(all.count, room, 0);
      if (found < 0) {
        fail(last_error());
        break;
      }
      all = take_more(all.count, all.count + static_cast<std::size_t>(found), out);
      goes_on = (all.has_dropped || (all.repeated > 0 && repeats > 0)) && all.end == room;
      repeats -= std::min(repeats, all.repeated);
      if (!goes_on) return static_cast<std::ptrdiff_t>(all.count);
    }
    // A failure after events is told by the next look.
    return all.count > 0 ? static_cast<std::ptrdiff_t>(all.count) : -1;
  }

  struct Taken {
    /// What was reported by this look so far: the first events of the batch.
    std::size_t count = 0;
    std::size_t end = 0;
    std::size_t repeated = 0;
    bool has_dropped = false;
  };

  // A failure after events is told by the next look.
  static Look to_look(std::size_t count, std::error_code error) noexcept {
    return count > 0 ? Look{.count = count} : Look{.error = error};
  }

  // Reports what the kernel put into the batch between these places.
  Taken take_more(std::size_t begin, std::size_t end, std::span<Event> out) noexcept {
    Taken taken{.count = begin, .end = end};
    for (auto index = begin; index < end; ++index) {
      const auto& event = batch_[index];
      if (add_to_reported(event, out.first(begin))) {
        ++taken.repeated;
      } else if (take_one(event, out[taken.count])) {
        if (taken.count != index) batch_[taken.count] = event;
        ++taken.count;
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

  // Reports what tells of the two directions and of nothing else, as most do. False for all else,
  // and for each 256th report of a registration, which is looked at more closely.
  [[gnu::always_inline]] bool take_plain(const epoll_event& event, Event& out) noexcept {
    const auto bits = static_cast<int>(event.events);
    // There is a place for every number that was ever in the set, and for 0.
    auto& registration = registrations().at(fd_of(event));
    const bool is_plain =
        (bits & ~(POLLIN | POLLOUT)) == 0 && registration.key == event.data.u64 >> 32;
    if (!is_plain || ++registration.note == 0) return false;
    // Of the directions the kernel reports only those that are asked for.
    out = {registration.token, to_ready_directions(bits)};
    return true;
  }

  // Reports any event. False if there is nothing to tell: the wake-up is nothing, nor is the
  // hang-up of one that rests.
  bool take_one(const epoll_event& event, Event& out) noexcept {
    const auto data = event.data.u64;
    if (data == wakeup_data) {
      clear_wakeup();
      return false;
    }
    const int fd = fd_of(event);
    auto& registration = registrations().at(fd);
    // A vacant place has no generation.
    if (registration.key != generation_of(event)) {
      ask_for_rebuild();
      return false;
    }
    const auto ready = report(fd, registration, static_cast<int>(event.events));
    if (ready == Ready::none) return false;
    out = {registration.token, ready};
    return true;
  }

  Ready report(int fd, Registration& registration, int bits) noexcept {
    if (is_unwanted_end(bits, registration.wanted())) {
      registration.state = Registration::State::fired;
      // Of a number that was closed while a duplicate lives it cannot be silenced.
      if (control(EPOLL_CTL_MOD, fd, registration)) ask_for_rebuild();
      return Ready::none;
    }
    const auto ready = to_ready(bits, registration.wanted());
    if (ready == Ready::none) return ready;
    if (registration.trigger == Trigger::oneshot) {
      registration.state = Registration::State::fired;
    } else if (is_due_to_be_checked(registration) && !is_same_file(fd, registration)) {
      registration.state = Registration::State::invalid;
      ask_for_rebuild();
      return Ready::invalid;
    }
    return ready;
  }

  // The short way has counted the reports that came by it.
  static bool is_due_to_be_checked(Registration& registration) noexcept {
    return registration.note == 0 || ++registration.note == 0;
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
  [[gnu::always_inline]] int wait_once(std::size_t begin, std::size_t room,
                                       std::int64_t left) noexcept {
    auto* const events = batch_.get() + begin;
    const int most = static_cast<int>(room - begin);
    if (left > 0) return wait_for(events, most, std::chrono::nanoseconds(left));
    return ::epoll_wait(set_.get(), events, most, left < 0 ? -1 : 0);
  }

  int wait_for(epoll_event* events, int most, std::chrono::nanoseconds left) noexcept {
    left = std::min(left, longest_wait);
#if POLYMUX_HAS_EPOLL_PWAIT2
    if (has_nanoseconds_) {
      const auto spec = to_timespec_of(left);
      return ::epoll_pwait2(set_.get(), events, most, &spec, nullptr);
    }
#endif
    return ::epoll_wait(set_.get(), events, most, to_milliseconds_up(left));
  }

  std::uint32_t next_generation() noexcept {
    generation_ = (generation_ + 1) & ~is_special;
    if (generation_ == 0) ++generation_;
    return generation_;
  }

  bool has_nanoseconds_;
  UniqueFd set_;
  /// For `pollable_handle`; empty while nobody has asked.
  UniqueFd handle_set_;
  std::unique_ptr<epoll_event[]> batch_;
  std::size_t batch_room_ = 0;
  /// The size of the caller's buffer for which all is ready; 0 if something has to be done.
  std::size_t prepared_for_ = 0;
  /// For so many events.
  std::size_t room_ = 0;
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
