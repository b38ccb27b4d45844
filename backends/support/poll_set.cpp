#include "backends/support/poll_set.hpp"

#include <algorithm>

#include "core/poller/deadline.hpp"
#include "platform/poll_bits.hpp"
#include "platform/timespec.hpp"

namespace polymux {

#if POLYMUX_HAS_PPOLL

const std::chrono::nanoseconds PollSet::timeout_step{1};

int PollSet::poll(Timeout timeout) noexcept {
  close_holes();
  const auto left = to_timespec(timeout);
  return ::ppoll(entries_.data(), static_cast<nfds_t>(entries_.size()), left ? &*left : nullptr,
                 nullptr);
}

#else

const std::chrono::nanoseconds PollSet::timeout_step = std::chrono::milliseconds{1};

int PollSet::poll(Timeout timeout) noexcept {
  close_holes();
  return ::poll(entries_.data(), static_cast<nfds_t>(entries_.size()), to_milliseconds(timeout));
}

#endif

void PollSet::add_own(int fd) {
  entries_.push_back({.fd = fd, .events = POLLIN, .revents = 0});
  own_ = entries_.size();
}

void PollSet::reserve_for(std::size_t more) {
  // Those who come and go without a poll in between leave no more behind than there are.
  if (holes_ > size()) close_holes();
  const auto needed = entries_.size() + more;
  if (needed > entries_.capacity()) entries_.reserve(std::max(needed, entries_.capacity() * 2));
}

void PollSet::insert(int fd, Registration& registration) noexcept {
  registration.key = static_cast<std::uint32_t>(entries_.size());
  entries_.push_back({});
  update(fd, registration);
}

void PollSet::update(int fd, const Registration& registration) noexcept {
  const auto wanted = registration.wanted();
  auto& entry = entries_[registration.key];
  entry.fd = wanted == Interest::none ? ~fd : fd;
  entry.events = static_cast<short>(to_poll_bits(wanted));
  entry.revents = 0;
}

void PollSet::erase(const Registration& gone) noexcept {
  entries_[gone.key] = {.fd = hole, .events = 0, .revents = 0};
  ++holes_;
}

void PollSet::close_holes() noexcept {
  if (holes_ == 0) return;
  auto end = own_;
  auto cursor = cursor_;
  for (auto slot = own_; slot < entries_.size(); ++slot) {
    if (entries_[slot].fd == hole) {
      if (slot < cursor_) --cursor;
      continue;
    }
    if (slot != end) {
      entries_[end] = entries_[slot];
      table_.at(number_of(entries_[end])).key = static_cast<std::uint32_t>(end);
    }
    ++end;
  }
  entries_.resize(end);
  cursor_ = cursor;
  holes_ = 0;
}

std::size_t PollSet::collect(std::span<Event> out) noexcept {
  std::size_t count = 0;
  const auto start = std::clamp(cursor_, own_, entries_.size());
  const auto scan = [&](std::size_t from, std::size_t to) {
    while (count < out.size()) {
      const auto slot = next_answered(from, to);
      if (slot == to) return;
      from = cursor_ = slot + 1;
      if (report(entries_[slot], out[count])) ++count;
    }
  };
  scan(start, entries_.size());
  scan(own_, start);
  return count;
}

// The next that the kernel has something to say of, or `to`. Most have nothing to say, and there
// may be very many: they are passed over by fours.
std::size_t PollSet::next_answered(std::size_t from, std::size_t to) const noexcept {
  constexpr std::size_t step = 4;
  const auto* entry = entries_.data() + from;
  const auto* const end = entries_.data() + to;
  for (; end - entry >= static_cast<std::ptrdiff_t>(step); entry += step) {
    if ((entry[0].revents | entry[1].revents | entry[2].revents | entry[3].revents) != 0) break;
  }
  while (entry != end && entry->revents == 0) ++entry;
  return static_cast<std::size_t>(entry - entries_.data());
}

bool PollSet::report(pollfd& entry, Event& event) noexcept {
  const int fd = number_of(entry);
  auto& registration = table_.at(fd);
  if (is_unwanted_end(entry.revents, registration.wanted())) {
    registration.state = Registration::State::fired;
    update(fd, registration);
    return false;
  }
  const auto ready = to_ready(entry.revents, registration.wanted());
  if (ready == Ready::none) return false;
  event = {registration.token, ready};
  if (ready == Ready::invalid) {
    // poll(2) says POLLNVAL for ever; once is enough.
    registration.state = Registration::State::invalid;
  } else if (registration.trigger == Trigger::oneshot) {
    registration.state = Registration::State::fired;
  }
  if (!registration.is_armed()) update(fd, registration);
  return true;
}

}  // namespace polymux
