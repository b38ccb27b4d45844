#include "backends/support/checked_poller.hpp"

#include <new>

namespace polymux {
namespace {

constexpr Interest every_interest = Interest::read | Interest::write | Interest::priority;

bool is_open_for(const DescriptorInfo& file, Interest interest) noexcept {
  const bool reads = contains(interest, Interest::read) || contains(interest, Interest::priority);
  return (file.can_read || !reads) && (file.can_write || !contains(interest, Interest::write));
}

}  // namespace

std::error_code CheckedPoller::out_of_memory() noexcept {
  return std::make_error_code(std::errc::not_enough_memory);
}

CheckedPoller::~CheckedPoller() {
  if (is_foreign_process()) wakeup_.abandon();
}

std::error_code CheckedPoller::check_request(Interest interest, Trigger trigger) const noexcept {
  if (is_foreign_process()) return Errc::used_after_fork;
  if ((interest & every_interest) != interest || trigger > Trigger::oneshot) {
    return Errc::invalid_argument;
  }
  const bool lacks_edge = trigger == Trigger::edge && !capabilities_.edge;
  const bool lacks_priority = contains(interest, Interest::priority) && !capabilities_.priority;
  return lacks_edge || lacks_priority ? Errc::not_supported : std::error_code{};
}

std::error_code CheckedPoller::add(int fd, Token token, Interest interest,
                                   Trigger trigger) noexcept {
  if (const auto error = check_request(interest, trigger)) return error;
  if (fd < 0) return Errc::bad_descriptor;
  if (capabilities_.greatest_fd && fd > *capabilities_.greatest_fd) {
    return Errc::descriptor_too_large;
  }
  // Kernels differ on it: epoll refuses, an old kqueue takes itself.
  if (fd == handle_) return Errc::invalid_argument;
  Registration fresh{.token = token,
                     .interest = interest,
                     .trigger = trigger,
                     .state = Registration::armed_by(trigger)};
  try {
    return try_add(fd, fresh);
  } catch (const std::bad_alloc&) {
    return out_of_memory();
  }
}

std::error_code CheckedPoller::try_add(int fd, Registration& fresh) {
  if (const auto error = describe(fd, fresh.file)) return error;
  const Registration* known = table_.find(fd);
  if (known == nullptr && !is_open_for(fresh.file, fresh.interest)) return Errc::wrong_direction;
  // The place is made first: what may fail must fail before the kernel knows the registration.
  auto& place = table_.place(fd);
  const bool is_right_way = is_open_for(fresh.file, fresh.interest);
  if (const auto error = attach(fd, fresh, known)) {
    // Of several mistakes the direction is named first (ADD-14).
    return error == Errc::not_pollable && !is_right_way ? Errc::wrong_direction : error;
  }
  place = fresh;
  if (is_right_way) return {};
  detach(fd, place);
  place = {};
  return Errc::wrong_direction;
}

std::error_code CheckedPoller::modify(int fd, Token token, Interest interest,
                                      Trigger trigger) noexcept {
  if (const auto error = check_request(interest, trigger)) return error;
  Registration* current = table_.find(fd);
  if (current == nullptr) return Errc::not_registered;
  if (!is_open_for(current->file, interest)) return Errc::wrong_direction;
  Registration changed = *current;
  changed.token = token;
  changed.interest = interest;
  changed.trigger = trigger;
  changed.state = Registration::armed_by(trigger);
  try {
    if (const auto error = rearm(fd, changed, *current)) return error;
  } catch (const std::bad_alloc&) {
    return out_of_memory();
  }
  *current = changed;
  return {};
}

std::error_code CheckedPoller::remove(int fd) noexcept {
  if (is_foreign_process()) return Errc::used_after_fork;
  Registration* gone = table_.find(fd);
  if (gone == nullptr) return Errc::not_registered;
  detach(fd, *gone);
  *gone = {};
  return {};
}

WaitResult CheckedPoller::wait(std::span<Event> out, Timeout timeout) noexcept {
  const auto look_once = [this](std::span<Event> room, std::int64_t left) -> std::ptrdiff_t {
    try {
      const auto result = look(room, clamp_to_one_wait(to_timeout(left)));
      return result.count > 0 ? static_cast<std::ptrdiff_t>(result.count)
             : result.error   ? failed_look(result.error)
                              : 0;
    } catch (const std::bad_alloc&) {
      return failed_look(out_of_memory());
    }
  };
  return wait_by(look_once, out, timeout);
}

WaitResult CheckedPoller::refuse_to_wait() const noexcept {
  return {.error = is_foreign_process() ? Errc::used_after_fork : Errc::invalid_argument};
}

WaitResult CheckedPoller::wait_on(std::span<Event> out, std::int64_t left,
                                  Deadline::Clock::time_point start) noexcept {
  Look result;
  try {
    result = look_on(out, Deadline(to_timeout(left), start));
  } catch (const std::bad_alloc&) {
    result = {.error = out_of_memory()};
  }
  return {.count = result.count, .woken = wake_state_.take(), .error = result.error};
}

CheckedPoller::Look CheckedPoller::look_on(std::span<Event> out, const Deadline& deadline) {
  Look result{.error = take_look_error()};
  for (;; result = look(out, clamp_to_one_wait(deadline.remaining()))) {
    if (result.count > 0) return result;
    if (result.error && result.error != std::errc::interrupted) return result;
    if (wake_state_.is_requested() || deadline.has_passed()) return {};
  }
}

void CheckedPoller::wake() noexcept {
  // A child's wake would rouse its parent: the wake-up descriptor is one for both.
  if (is_foreign_process()) return;
  if (wake_state_.request()) rouse();
}

std::optional<int> CheckedPoller::pollable_handle() noexcept {
  if (!capabilities_.pollable_handle || is_foreign_process()) return std::nullopt;
  if (handle_ < 0) handle_ = open_handle();
  if (handle_ < 0) return std::nullopt;
  if (wake_state_.always_signal()) rouse();
  return handle_;
}

}  // namespace polymux
