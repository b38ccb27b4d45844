#include <polymux/loop/event_loop.hpp>
#include <polymux/loop/timer.hpp>

#include <algorithm>

#include "core/loop/timer_queue.hpp"

namespace polymux {

Timer::~Timer() {
  stop();
  if (was_destroyed_ != nullptr) *was_destroyed_ = true;
}

void Timer::start_after(std::chrono::nanoseconds delay) {
  // The clock is read here and not once a turn: by an older one the timer would fire too early.
  const auto now = Clock::now();
  if (delay >= Clock::time_point::max() - now) {
    start_at(Clock::time_point::max());
  } else {
    start_at(now + std::max(delay, std::chrono::nanoseconds::zero()));
  }
}

void Timer::start_at(Clock::time_point deadline) {
  stop();
  deadline_ = deadline;
  loop_->timers_->insert(*this);
}

void Timer::stop() noexcept {
  if (is_active()) loop_->timers_->erase(*this);
}

}  // namespace polymux
