#include <poll.h>

#include <cstddef>
#include <vector>

#include <polymux/poller/backend_info.hpp>

#include "backends/support/checked_poller.hpp"
#include "backends/support/open_backend.hpp"
#include "platform/descriptor_witness.hpp"
#include "platform/poll_bits.hpp"
#include "platform/system_error.hpp"
#include "platform/timespec.hpp"

namespace polymux {
namespace {

class PollPoller final : public CheckedPoller {
 public:
  explicit PollPoller(const Capabilities& capabilities) noexcept : CheckedPoller(capabilities) {}
  ~PollPoller() override {
    if (is_foreign_process()) witness_.abandon();
  }

  [[nodiscard]] std::error_code open() {
    if (const auto error = open_wakeup()) return error;
    entries_.push_back({.fd = wakeup_fd(), .events = POLLIN, .revents = 0});
    return {};
  }

 private:
  // Slot 0 is the wake-up's.
  static constexpr std::size_t first_slot = 1;

  std::error_code attach(int fd, Registration& fresh, const Registration* known) override {
    entries_.reserve(room_for_one_more());
    if (const auto error = witness_.admit(fd, fresh.file, known ? &known->file : nullptr)) {
      return error;
    }
    if (known != nullptr) {
      fresh.key = known->key;
    } else {
      fresh.key = static_cast<std::uint32_t>(entries_.size());
      entries_.push_back({});
    }
    fill(fd, fresh);
    return {};
  }

  std::error_code rearm(int fd, Registration& changed, const Registration& current) override {
    if (const auto error = witness_.confirm(fd, current.file)) return error;
    fill(fd, changed);
    return {};
  }

  void detach(int fd, const Registration& gone) noexcept override {
    witness_.forget(fd, gone.file);
    const auto& last = entries_.back();
    if (gone.key + std::size_t{1} != entries_.size()) {
      registrations().at(number_of(last)).key = gone.key;
      entries_[gone.key] = last;
    }
    entries_.pop_back();
    if (cursor_ >= entries_.size()) cursor_ = first_slot;
  }

  Look look(std::span<Event> out, Timeout timeout) override {
    int left = poll_once(timeout);
    if (left < 0) return {.error = last_error()};
    if (left > 0 && entries_.front().revents != 0) {
      clear_wakeup();
      --left;
    }
    return {.count = collect(left, out)};
  }

  // Goes round from where the last one stopped, so that a small buffer starves nobody.
  std::size_t collect(int left, std::span<Event> out) noexcept {
    std::size_t count = 0;
    const auto start = cursor_;
    const auto scan = [&](std::size_t from, std::size_t to) {
      for (auto slot = from; slot < to && left > 0 && count < out.size(); ++slot) {
        if (entries_[slot].revents == 0) continue;
        --left;
        cursor_ = slot + 1;
        if (report(entries_[slot], out[count])) ++count;
      }
    };
    scan(start, entries_.size());
    scan(first_slot, start);
    if (cursor_ >= entries_.size()) cursor_ = first_slot;
    return count;
  }

  bool report(pollfd& entry, Event& event) noexcept {
    auto& registration = registrations().at(entry.fd);
    const auto ready = to_ready(entry.revents, registration.wanted());
    if (ready == Ready::none) return false;
    event = {registration.token, ready};
    if (ready == Ready::invalid) {
      // poll(2) says POLLNVAL for ever; once is enough.
      registration.state = Registration::State::invalid;
    } else if (registration.trigger == Trigger::oneshot) {
      registration.state = Registration::State::fired;
    }
    if (registration.state != Registration::State::armed) fill(entry.fd, registration);
    return true;
  }

  // poll(2) passes over negative numbers, and reports errors of all others, asked for or not: what
  // has no interest is turned negative. ~fd is, also for 0.
  void fill(int fd, const Registration& registration) noexcept {
    const auto wanted = registration.wanted();
    auto& entry = entries_[registration.key];
    entry.fd = wanted == Interest::none ? ~fd : fd;
    entry.events = static_cast<short>(to_poll_bits(wanted));
    entry.revents = 0;
  }

  static int number_of(const pollfd& entry) noexcept {
    return entry.fd < 0 ? ~entry.fd : entry.fd;
  }

  [[nodiscard]] std::size_t room_for_one_more() const noexcept {
    return entries_.size() < entries_.capacity() ? entries_.capacity() : entries_.size() * 2;
  }

  int poll_once(Timeout timeout) noexcept {
    const auto count = static_cast<nfds_t>(entries_.size());
#if POLYMUX_HAS_PPOLL
    const auto left = to_timespec(timeout);
    return ::ppoll(entries_.data(), count, left ? &*left : nullptr, nullptr);
#else
    return ::poll(entries_.data(), count, to_milliseconds(timeout));
#endif
  }

  std::vector<pollfd> entries_;
  std::size_t cursor_ = first_slot;
  DescriptorWitness witness_;
};

std::unique_ptr<Poller> open_poll(std::error_code& error) noexcept {
  const Capabilities capabilities{
      .priority = true,
      .read_closed = poll_read_closed != 0,
      .hangup = true,
      .error = true,
      .timeout_step =
          POLYMUX_HAS_PPOLL ? std::chrono::nanoseconds{1} : std::chrono::milliseconds{1},
      .wait_cost = WaitCost::registered};
  return open_backend<PollPoller>(capabilities, error);
}

}  // namespace

extern const BackendInfo poll_backend;
const BackendInfo poll_backend{.name = "poll",
                               .summary = "poll(2) of POSIX, ppoll(2) where there is one",
                               .preference = 20,
                               .open = open_poll};

}  // namespace polymux
