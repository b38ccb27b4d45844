#include "backends/io_uring/arm_queue.hpp"

#include <algorithm>
#include <bit>

namespace polymux {

void ArmQueue::reserve_for(std::size_t registrations) {
  // Those who come and go without a wait in between leave no more behind than there are.
  if (dead_ > registrations) drop_dead();
  const auto needed = registrations + dead_;
  if (needed <= numbers_.size()) return;
  std::vector<int> wider(std::bit_ceil(std::max(needed, std::size_t{16})));
  for (std::size_t index = 0; index < count_; ++index) {
    wider[index] = numbers_[(first_ + index) & (numbers_.size() - 1)];
  }
  numbers_ = std::move(wider);
  first_ = 0;
}

void ArmQueue::push(int fd, Registration& registration) noexcept {
  if ((registration.note & is_queued) != 0) return;
  registration.note |= is_queued;
  push_number(fd);
}

void ArmQueue::forget(const Registration& gone) noexcept {
  if ((gone.note & is_queued) != 0) ++dead_;
}

int ArmQueue::pop() noexcept {
  const int fd = pop_number();
  Registration* registration = table_.find(fd);
  if (registration == nullptr || (registration->note & is_queued) == 0) {
    --dead_;
    return -1;
  }
  registration->note &= static_cast<std::uint8_t>(~is_queued);
  return fd;
}

// One who went and came back may be in it twice: the first place counts.
void ArmQueue::drop_dead() noexcept {
  for (auto left = count_; left > 0; --left) {
    if (const int fd = pop(); fd >= 0) push_number(fd);
  }
  for (std::size_t index = 0; index < count_; ++index) {
    table_.at(numbers_[(first_ + index) & (numbers_.size() - 1)]).note |= is_queued;
  }
}

void ArmQueue::push_number(int fd) noexcept {
  numbers_[(first_ + count_) & (numbers_.size() - 1)] = fd;
  ++count_;
}

int ArmQueue::pop_number() noexcept {
  const int fd = numbers_[first_];
  first_ = (first_ + 1) & (numbers_.size() - 1);
  --count_;
  return fd;
}

}  // namespace polymux
