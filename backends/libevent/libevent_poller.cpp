#include <event2/event.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

#include "backends/support/checked_poller.hpp"
#include "backends/support/open_backend.hpp"
#include "core/poller/backend_info.hpp"
#include "platform/descriptor_witness.hpp"
#include "platform/descriptors.hpp"

namespace polymux {
namespace {

struct FreeEvent {
  void operator()(event* it) const noexcept { event_free(it); }
};
struct FreeBase {
  void operator()(event_base* it) const noexcept { event_base_free(it); }
};
struct FreeConfig {
  void operator()(event_config* it) const noexcept { event_config_free(it); }
};
using EventPtr = std::unique_ptr<event, FreeEvent>;

short to_event_bits(Interest interest) noexcept {
  int bits = EV_PERSIST;
  if (contains(interest, Interest::read)) bits |= EV_READ;
  if (contains(interest, Interest::write)) bits |= EV_WRITE;
  return static_cast<short>(bits);
}

Ready from_event_bits(int bits, Interest interest) noexcept {
  Ready ready = Ready::none;
  if ((bits & EV_READ) != 0 && contains(interest, Interest::read)) ready |= Ready::readable;
  if ((bits & EV_WRITE) != 0 && contains(interest, Interest::write)) ready |= Ready::writable;
  return ready;
}

/// libevent, pinned to its poll method: the reference that the others are compared with. Its
/// methods disagree with one another about closed and duplicated descriptors, and poll is the one
/// that neither spins nor fails.
class LibeventPoller final : public CheckedPoller {
 public:
  explicit LibeventPoller(const Capabilities& capabilities) noexcept
      : CheckedPoller(capabilities) {}
  ~LibeventPoller() override {
    if (!is_foreign_process()) return;
    witness_.abandon();
    // Leaked: freed, it would close the pair of sockets that it opens for signals.
    static_cast<void>(base_.release());
  }

  [[nodiscard]] std::error_code open() {
    if (const auto error = open_wakeup()) return error;
    if (const auto error = check_room_for_base()) return error;
    base_.reset(new_base());
    if (!base_) return std::make_error_code(std::errc::function_not_supported);
    wakeup_event_.reset(event_new(base_.get(), wakeup_fd(), EV_READ | EV_PERSIST, on_wakeup, this));
    alarm_.reset(event_new(base_.get(), -1, 0, on_alarm, nullptr));
    const bool is_ready = wakeup_event_ && alarm_ && event_add(wakeup_event_.get(), nullptr) == 0;
    return is_ready ? std::error_code{} : std::make_error_code(std::errc::not_enough_memory);
  }

 private:
  /// One registration's event, with what its callback has to know.
  struct Slot {
    LibeventPoller* owner = nullptr;
    int fd = -1;
    int found = 0;
    EventPtr event;
  };

  // libevent ends the process (event_err) if it cannot open the two descriptors that it wants for
  // signals: so they are tried first.
  static std::error_code check_room_for_base() noexcept {
    UniqueFd read_end;
    UniqueFd write_end;
    return open_pipe(read_end, write_end);
  }

  static event_base* new_base() noexcept {
    const std::unique_ptr<event_config, FreeConfig> config(event_config_new());
    if (!config) return nullptr;
    for (const char* method : {"epoll", "select", "kqueue", "devpoll", "evport", "win32"}) {
      event_config_avoid_method(config.get(), method);
    }
    // The environment of libevent (EVENT_NOPOLL) is not ours to obey.
    event_config_set_flag(config.get(), EVENT_BASE_FLAG_IGNORE_ENV);
    event_config_set_flag(config.get(), EVENT_BASE_FLAG_NOLOCK);
    event_config_set_flag(config.get(), EVENT_BASE_FLAG_PRECISE_TIMER);
    return event_base_new_with_config(config.get());
  }

  std::error_code attach(int fd, Registration& fresh, const Registration* known) override {
    // Everything that can fail comes before the witness and libevent are told.
    const auto key = known != nullptr ? known->key : take_slot();
    if (const auto error = witness_.admit(fd, fresh.file, known ? &known->file : nullptr)) {
      if (known == nullptr) free_.push_back(key);
      return error;
    }
    fresh.key = key;
    const auto error = arm(fd, fresh);
    if (error) witness_.forget(fd, fresh.file);
    // One that was there before still has it.
    if (error && known == nullptr) free_.push_back(key);
    return error;
  }

  std::error_code rearm(int fd, Registration& changed, const Registration& current) override {
    if (const auto error = witness_.confirm(fd, current.file)) return error;
    return arm(fd, changed);
  }

  void detach(int fd, const Registration& gone) noexcept override {
    witness_.forget(fd, gone.file);
    slots_[gone.key]->event.reset();
    slots_[gone.key]->fd = -1;
    free_.push_back(gone.key);
  }

  Look look(std::span<Event> out, Timeout timeout) override {
    ready_.clear();
    if (const auto error = dispatch(timeout)) return {.error = error};
    return {.count = collect(out)};
  }

  std::uint32_t take_slot() {
    if (free_.empty()) {
      // Room to give the slot back without fail.
      free_.reserve(slots_.size() + 1);
      ready_.reserve(slots_.size() + 1);
      slots_.push_back(std::make_unique<Slot>());
      free_.push_back(static_cast<std::uint32_t>(slots_.size() - 1));
    }
    const auto key = free_.back();
    free_.pop_back();
    return key;
  }

  // A new event each time: libevent forbids to change one that is pending.
  std::error_code arm(int fd, const Registration& registration) noexcept {
    auto& slot = *slots_[registration.key];
    const auto wanted = registration.wanted();
    if (wanted == Interest::none) {
      slot.event.reset();
      slot.fd = fd;
      return {};
    }
    EventPtr fresh(event_new(base_.get(), fd, to_event_bits(wanted), on_ready, &slot));
    if (!fresh) return std::make_error_code(std::errc::not_enough_memory);
    if (event_add(fresh.get(), nullptr) != 0) {
      return std::make_error_code(std::errc::not_enough_memory);
    }
    // From here on nothing fails: until then all is as it was.
    slot.event = std::move(fresh);
    slot.owner = this;
    slot.fd = fd;
    return {};
  }

  std::error_code dispatch(Timeout timeout) noexcept {
    int flags = EVLOOP_ONCE;
    if (timeout && *timeout == timeout->zero()) {
      flags |= EVLOOP_NONBLOCK;
    } else if (timeout) {
      const auto left = to_timeval(*timeout);
      if (event_add(alarm_.get(), &left) != 0) {
        return std::make_error_code(std::errc::not_enough_memory);
      }
    }
    const int failed = event_base_loop(base_.get(), flags);
    const int code = errno;
    event_del(alarm_.get());
    return failed < 0 ? why_failed(code) : std::error_code{};
  }

  // libevent writes a warning to stderr after poll(2) has failed, and what comes of that may be the
  // last error by now. Whatever poll(2) does not say, for want of memory it was.
  static std::error_code why_failed(int code) noexcept {
    const bool is_polls = code == EINVAL || code == EFAULT || code == EAGAIN;
    return {is_polls ? code : ENOMEM, std::system_category()};
  }

  static timeval to_timeval(std::chrono::nanoseconds timeout) noexcept {
    using namespace std::chrono;
    const auto rounded = ceil<microseconds>(timeout);
    const auto whole = floor<seconds>(rounded);
    timeval value{};
    value.tv_sec = static_cast<decltype(value.tv_sec)>(whole.count());
    value.tv_usec = static_cast<decltype(value.tv_usec)>((rounded - whole).count());
    return value;
  }

  static void on_wakeup(evutil_socket_t /*fd*/, short /*bits*/, void* self) {
    static_cast<LibeventPoller*>(self)->clear_wakeup();
  }
  static void on_alarm(evutil_socket_t /*fd*/, short /*bits*/, void* /*self*/) {}
  static void on_ready(evutil_socket_t /*fd*/, short bits, void* argument) {
    auto& slot = *static_cast<Slot*>(argument);
    slot.found = bits;
    // Never allocates: take_slot made room for all.
    slot.owner->ready_.push_back(&slot);
  }

  // libevent reports in an order of its own: sorted, they are gone through from where the last one
  // stopped, so that a small buffer starves nobody.
  std::size_t collect(std::span<Event> out) noexcept {
    std::ranges::sort(ready_, {}, &Slot::fd);
    const auto first = std::ranges::lower_bound(ready_, cursor_, {}, &Slot::fd);
    std::rotate(ready_.begin(), first, ready_.end());
    std::size_t count = 0;
    for (auto* slot : ready_) {
      if (count == out.size()) break;
      cursor_ = slot->fd + 1;
      if (report(*slot, out[count])) ++count;
    }
    return count;
  }

  bool report(Slot& slot, Event& event) noexcept {
    auto& registration = registrations().at(slot.fd);
    auto ready = from_event_bits(slot.found, registration.wanted());
    // libevent makes POLLNVAL ready, for ever; this alone tells it from readiness.
    if (!is_open(slot.fd)) ready = Ready::invalid;
    if (ready == Ready::none) return false;
    event = {registration.token, ready};
    if (ready == Ready::invalid) registration.state = Registration::State::invalid;
    if (registration.trigger == Trigger::oneshot && ready != Ready::invalid) {
      registration.state = Registration::State::fired;
    }
    if (!registration.is_armed()) slot.event.reset();
    return true;
  }

  std::unique_ptr<event_base, FreeBase> base_;
  EventPtr wakeup_event_;
  EventPtr alarm_;
  // Slots do not move: libevent holds their addresses.
  std::vector<std::unique_ptr<Slot>> slots_;
  std::vector<std::uint32_t> free_;
  std::vector<Slot*> ready_;
  int cursor_ = 0;
  DescriptorWitness witness_;
};

std::unique_ptr<Poller> open_libevent(std::error_code& error) noexcept {
  const Capabilities capabilities{.timeout_step = std::chrono::milliseconds{1},
                                  .wait_cost = WaitCost::registered};
  return open_backend<LibeventPoller>(capabilities, error);
}

}  // namespace

extern const BackendInfo libevent_backend;
const BackendInfo libevent_backend{.name = "libevent",
                                   .summary = "libevent 2.1, its poll method: the reference",
                                   .preference = 0,
                                   .open = open_libevent};

}  // namespace polymux
