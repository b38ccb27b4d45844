#include <poll.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <utility>
#include <vector>

#include <polymux/poller/error.hpp>

#include "backends/io_uring/arm_queue.hpp"
#include "backends/io_uring/ring.hpp"
#include "backends/support/checked_poller.hpp"
#include "backends/support/open_backend.hpp"
#include "core/poller/backend_info.hpp"
#include "platform/descriptor_witness.hpp"
#include "platform/poll_bits.hpp"
#include "platform/system_error.hpp"

namespace polymux {
namespace {

// Events by one look; what is ready beyond it comes first the next time.
constexpr std::size_t greatest_batch = 1024;

constexpr std::chrono::nanoseconds no_time{0};

// Unlike the system's, these are not used again.
std::uint64_t number_of_this_thread() noexcept {
  static std::atomic<std::uint64_t> last{0};
  thread_local const std::uint64_t mine = ++last;
  return mine;
}

/// Each armed registration has a request of poll(2) in the ring, good for one answer. What was
/// told, or is new, or has changed, is requested anew by the system call that waits: a request
/// looks at the file as it is made, and that look is what makes it level.
///
/// Only such a look is believed. A request of an earlier wait is answered when the file wakes it,
/// and by the time of this wait the answer may be history: found in the ring before the wait, it is
/// made anew; found after it, poll(2) is asked.
class IoUringPoller final : public CheckedPoller {
 public:
  explicit IoUringPoller(const Capabilities& capabilities) noexcept : CheckedPoller(capabilities) {}

  ~IoUringPoller() override {
    if (is_foreign_process()) {
      witness_.abandon();
      ring_.abandon();
      return;
    }
    if (!ring_.is_open()) return;
    // A request holds its file open, and a child that inherited the ring would hold the request.
    registrations().for_each([this](int fd, const Registration& gone) { cancel(fd, gone); });
    submit();
  }

  [[nodiscard]] std::error_code open() noexcept {
    if (const auto error = open_wakeup()) return error;
    thread_ = number_of_this_thread();
    return ring_.open();
  }

 private:
  /// `Registration::note`: a request is under way, whose serial number is the key.
  static constexpr std::uint8_t is_requested = 1;
  /// The same: what the last request was answered with was nothing.
  static constexpr std::uint8_t was_misled = 4;
  static_assert(((is_requested | was_misled) & ArmQueue::is_queued) == 0);
  static void clear(Registration& registration, std::uint8_t bits) noexcept {
    registration.note &= static_cast<std::uint8_t>(~bits);
  }

  // What a completion is of: a serial number, and the descriptor or one of these.
  static constexpr int wakeup_mark = -1;
  static constexpr int cancel_mark = -2;
  static constexpr std::uint64_t to_data(std::uint32_t serial, int fd) noexcept {
    return std::uint64_t{serial} << 32 | static_cast<std::uint32_t>(fd);
  }

  static constexpr int number_of(std::uint64_t data) noexcept {
    return static_cast<int>(data & 0xffffffffU);
  }

  std::error_code attach(int fd, Registration& fresh, const Registration* known) override {
    queue_.reserve_for(count_ + 1);
    if (const auto error = witness_.admit(fd, fresh.file, known ? &known->file : nullptr)) {
      return error;
    }
    if (known != nullptr) leave(fd, *known);
    ++count_;
    enqueue(fd, fresh);
    return {};
  }

  std::error_code rearm(int fd, Registration& changed, const Registration& current) override {
    if (const auto error = witness_.confirm(fd, current.file)) return error;
    cancel(fd, changed);
    clear(changed, is_requested | was_misled);
    enqueue(fd, changed);
    return {};
  }

  void detach(int fd, const Registration& gone) noexcept override {
    leave(fd, gone);
    witness_.forget(fd, gone.file);
  }

  // The owner may close the number next, and the file has to go with it.
  void leave(int fd, const Registration& gone) noexcept {
    cancel(fd, gone);
    if (ring_.pending() > 0) submit();
    queue_.forget(gone);
    --count_;
  }

  int open_handle() noexcept override {
    is_shown_ = true;
    show();
    return ring_.fd();
  }

  // Who waits for the ring hears of what is in it alone, so nothing is put off until the next wait.
  void enqueue(int fd, Registration& registration) noexcept {
    if (registration.wanted() == Interest::none) return;
    if (is_shown_ && has_room()) {
      request(fd, registration);
      submit();
    } else {
      queue_.push(fd, registration);
    }
  }

  void show() noexcept {
    auto left = queue_.size();
    do {
      left -= request_first(left, left);
      if (ring_.enter(no_time)) return;
    } while (left > 0);
  }

  struct Search {
    std::span<Event> out;
    /// The last serial number of an earlier wait.
    std::uint32_t before;
    std::error_code failure;
  };

  Look look(std::span<Event> out, Timeout timeout) override {
    if (late_failure_) return {.error = std::exchange(late_failure_, {})};
    out = out.first(std::min(out.size(), greatest_batch));
    told_.reserve(out.size());
    asked_.reserve(out.size());
    enter_thread();
    was_roused_ = false;
    take_hints();
    Search search{.out = out, .before = serial_, .failure = {}};
    search_all(search, timeout);
    const auto count = told_.size();
    for (const int fd : told_) {
      auto& registration = registrations().at(fd);
      if (registration.wanted() != Interest::none) queue_.push(fd, registration);
    }
    told_.clear();
    if (is_shown_) show();
    if (count == 0) return {.error = search.failure};
    // Told by the next look.
    if (search.failure != std::errc::interrupted) late_failure_ = search.failure;
    return {.count = count};
  }

  // Requests come from the thread that made them: the kernel interrupts it to post the answers, and
  // may do so late, or in the name of nobody if it has ended.
  void enter_thread() noexcept {
    const auto thread = number_of_this_thread();
    if (thread == thread_) return;
    thread_ = thread;
    request_all();
  }

  void request_all() noexcept {
    cancel_request(to_data(wakeup_serial_, wakeup_mark));
    is_wakeup_requested_ = false;
    registrations().for_each([this](int fd, Registration& registration) {
      if ((registration.note & is_requested) == 0) return;
      cancel(fd, registration);
      clear(registration, is_requested);
      queue_.push(fd, registration);
    });
  }

  // Makes the requests that are due, as far as there is room for their answers, by the system call
  // that waits.
  void search_all(Search& search, Timeout timeout) noexcept {
    auto due = queue_.size();
    for (;;) {
      due -= request_first(due, search.out.size() - told_.size());
      const bool may_sleep = told_.empty() && queue_.size() == 0 && !was_roused_;
      search.failure = to_failure(ring_.enter(may_sleep ? timeout : no_time));
      asked_.clear();
      take_answers(search);
      // What lies behind those who are due has come since.
      if (due == 0) ask_first(search);
      check_answers(search);
      if (search.failure || due == 0 || told_.size() == search.out.size()) return;
    }
  }

  bool has_place(const Search& search) const noexcept {
    return told_.size() + asked_.size() < search.out.size();
  }

  // Completions that found no room (EBUSY) or no memory (EBADR) are dealt with as they are taken,
  // and then the wait goes on.
  static std::error_code to_failure(std::error_code error) noexcept {
    const bool is_dealt_with = error == std::error_code(EBUSY, std::system_category()) ||
                               error == std::error_code(EBADR, std::system_category());
    return is_dealt_with ? std::make_error_code(std::errc::interrupted) : error;
  }

  // Takes as many as `due` from the queue, and makes as many as `most` requests.
  std::size_t request_first(std::size_t due, std::size_t most) noexcept {
    if (!is_wakeup_requested_ && has_room()) request_wakeup();
    std::size_t taken = 0;
    for (; taken < due && most > 0 && has_room(); ++taken) {
      const int fd = queue_.pop();
      if (fd < 0) continue;
      auto& registration = registrations().at(fd);
      if (registration.wanted() == Interest::none) continue;
      request(fd, registration);
      --most;
    }
    return taken;
  }

  bool has_room() noexcept {
    if (!ring_.is_full()) return true;
    submit();
    return !ring_.is_full();
  }

  void request(int fd, Registration& registration) noexcept {
    cancel(fd, registration);
    if (!has_room()) return queue_.push(fd, registration);
    registration.key = ++serial_;
    registration.note |= is_requested;
    const auto bits = to_request_bits(registration.wanted());
    auto& request = ring_.next_request();
    // io_uring tells of a half-close unasked, at once and each time: a writer that waits for room
    // must not be told more than once. A request for many answers is told what changes.
    if ((registration.note & was_misled) != 0) {
      io_uring_prep_poll_multishot(&request, fd, bits);
    } else {
      io_uring_prep_poll_add(&request, fd, bits);
    }
    clear(registration, was_misled);
    request.user_data = to_data(registration.key, fd);
  }

  // A request for urgent data alone is not woken by it (io_poll_wake of Linux masks POLLPRI out),
  // but by the POLLRDBAND that comes with it; with other data, too, which is found out.
  static unsigned to_request_bits(Interest interest) noexcept {
    const int bits = to_poll_bits(interest);
    return static_cast<unsigned>((bits & POLLPRI) != 0 ? bits | POLLRDBAND : bits);
  }

  void request_wakeup() noexcept {
    wakeup_serial_ = ++serial_;
    is_wakeup_requested_ = true;
    auto& request = ring_.next_request();
    io_uring_prep_poll_add(&request, wakeup_fd(), POLLIN);
    request.user_data = to_data(wakeup_serial_, wakeup_mark);
  }

  void cancel(int fd, const Registration& registration) noexcept {
    if ((registration.note & is_requested) != 0) cancel_request(to_data(registration.key, fd));
  }

  void cancel_request(std::uint64_t data) noexcept {
    if (!has_room()) return;
    auto& request = ring_.next_request();
    io_uring_prep_poll_remove(&request, data);
    request.user_data = to_data(0, cancel_mark);
    if (ring_.can_skip_success()) request.flags |= IOSQE_CQE_SKIP_SUCCESS;
  }

  // What the kernel does not take now it takes with the next wait.
  void submit() noexcept { static_cast<void>(ring_.enter(no_time)); }

  // The registration whose request was answered; null if nobody's business any more.
  Registration* answered(std::uint64_t data, bool has_more) noexcept {
    const int fd = number_of(data);
    const auto serial = static_cast<std::uint32_t>(data >> 32);
    if (fd == wakeup_mark && serial == wakeup_serial_) {
      clear_wakeup();
      was_roused_ = true;
      is_wakeup_requested_ = false;
    }
    Registration* registration = registrations().find(fd);
    const bool is_current = registration != nullptr && registration->key == serial &&
                            (registration->note & is_requested) != 0;
    if (!is_current) return nullptr;
    if (!has_more) clear(*registration, is_requested);
    return registration;
  }

  void take_hints() noexcept {
    ring_.drain([this](std::uint64_t data, int /*result*/, bool has_more) {
      if (auto* registration = answered(data, has_more)) {
        queue_.push(number_of(data), *registration);
      }
    });
    if (ring_.has_lost()) request_all();
  }

  void take_answers(Search& search) noexcept {
    ring_.drain([&](std::uint64_t data, int result, bool has_more) {
      auto* registration = answered(data, has_more);
      if (registration == nullptr) return;
      const bool is_of_this_wait = static_cast<std::int32_t>(registration->key - search.before) > 0;
      const int bits = to_bits(result);
      const bool is_first = !has_more && (registration->note & ArmQueue::is_queued) == 0;
      if (!is_of_this_wait || !is_first || bits == 0 || !has_place(search)) {
        queue_.push(number_of(data), *registration);
      } else if (tells_all(*registration, bits)) {
        tell(number_of(data), *registration, bits, search);
      } else {
        ask(number_of(data), *registration);
      }
      if (is_out_of_memory(result)) search.failure = {-result, std::system_category()};
    });
    if (ring_.has_lost()) request_all();
  }

  static bool is_out_of_memory(int result) noexcept {
    return result == -ENOMEM || result == -EAGAIN || result == -ENOBUFS;
  }

  // A number that was closed meanwhile, or is a file that cannot be waited for by now (a driver
  // with more queues than a request can be in), is silenced; what was cancelled is asked again.
  static int to_bits(int result) noexcept {
    if (result >= 0) return result;
    return is_out_of_memory(result) || result == -ECANCELED ? 0 : POLLNVAL;
  }

  // If the request had to wait, these are the words of the wake-up. Those of sockets and pipes are
  // true of what there is to read and of room; all else may be less than holds, or more: urgent
  // data is what every byte is called.
  static bool tells_all(const Registration& registration, int bits) noexcept {
    if ((bits & POLLNVAL) != 0) return true;
    const bool is_plain = registration.file.is_socket || registration.file.is_pipe;
    return is_plain && (bits & (POLLIN | POLLOUT)) != 0 &&
           !contains(registration.wanted(), Interest::priority);
  }

  void ask(int fd, const Registration& registration) noexcept {
    const int bits = to_poll_bits(registration.wanted());
    asked_.push_back({.fd = fd, .events = static_cast<short>(bits), .revents = 0});
  }

  void ask_first(const Search& search) noexcept {
    for (auto left = queue_.size(); left > 0 && has_place(search); --left) {
      const int fd = queue_.pop();
      if (fd < 0) continue;
      const auto& registration = registrations().at(fd);
      if (registration.wanted() != Interest::none) ask(fd, registration);
    }
  }

  // Answers that may hold or not: poll(2) knows.
  void check_answers(Search& search) noexcept {
    if (asked_.empty()) return;
    const bool has_failed = ::poll(asked_.data(), static_cast<nfds_t>(asked_.size()), 0) < 0;
    if (has_failed) search.failure = last_error();
    for (const auto& [fd, bits, found] : asked_) {
      auto& registration = registrations().at(fd);
      if (has_failed) {
        queue_.push(fd, registration);
      } else {
        tell(fd, registration, found, search);
      }
    }
  }

  void tell(int fd, Registration& registration, int bits, Search& search) noexcept {
    if (is_unwanted_end(bits, registration.wanted())) {
      registration.state = Registration::State::fired;
      return;
    }
    const auto ready = to_ready(bits, registration.wanted());
    if (ready == Ready::none) {
      if ((registration.note & is_requested) != 0) return;
      registration.note |= was_misled;
      queue_.push(fd, registration);
      return;
    }
    search.out[told_.size()] = {registration.token, ready};
    told_.push_back(fd);
    if (ready == Ready::invalid) {
      registration.state = Registration::State::invalid;
    } else if (registration.trigger == Trigger::oneshot) {
      registration.state = Registration::State::fired;
    }
  }

  Ring ring_;
  /// Whose request has to be made.
  ArmQueue queue_{registrations()};
  /// Reported by this look.
  std::vector<int> told_;
  std::vector<pollfd> asked_;
  DescriptorWitness witness_;
  std::error_code late_failure_;
  std::size_t count_ = 0;
  std::uint64_t thread_ = 0;
  std::uint32_t serial_ = 0;
  std::uint32_t wakeup_serial_ = 0;
  bool is_wakeup_requested_ = false;
  /// The wake-up descriptor was cleared by this look, which therefore must not sleep: who woke has
  /// done so by now, and does not signal again.
  bool was_roused_ = false;
  /// Somebody else waits for the ring.
  bool is_shown_ = false;
};

std::unique_ptr<Poller> open_io_uring(std::error_code& error) noexcept {
  const Capabilities capabilities{.priority = true,
                                  .read_closed = true,
                                  .hangup = true,
                                  .error = true,
                                  .pollable_handle = true,
                                  .timeout_step = std::chrono::nanoseconds{1},
                                  .wait_cost = WaitCost::ready};
  return open_backend<IoUringPoller>(capabilities, error);
}

}  // namespace

// Only by name: sandboxes forbid it, and the thread that waits is interrupted for its answers.
extern const BackendInfo io_uring_backend;
const BackendInfo io_uring_backend{.name = "io_uring",
                                   .summary = "requests of poll(2) in an io_uring(7)",
                                   .preference = -10,
                                   .open = open_io_uring};

}  // namespace polymux
