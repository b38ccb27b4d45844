#include <polymux/loop/event_loop.hpp>
#include <polymux/loop/timer.hpp>

#include <algorithm>

#include "core/loop/timer_queue.hpp"

namespace polymux {

Timer::~Timer() {
  stop();
  if (loop_->firing_ == this) loop_->firing_ = nullptr;
}

void Timer::start_after(std::chrono::nanoseconds delay) noexcept {
  // The clock is read here and not once a turn: by an older one the timer would fire too early.
  const auto now = Clock::now();
  if (delay >= Clock::time_point::max() - now) {
    start_at(Clock::time_point::max());
  } else {
    start_at(now + std::max(delay, std::chrono::nanoseconds::zero()));
  }
}

void Timer::start_at(Clock::time_point deadline) noexcept {
  auto& timers = *loop_->timers_;
  if (is_active()) timers.erase(*this);
  deadline_ = deadline;
  timers.insert(*this);
}

void Timer::stop() noexcept {
  if (is_active()) loop_->timers_->erase(*this);
}

}  // namespace polymux
