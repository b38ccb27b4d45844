#include "core/models/measured_poller.hpp"

namespace polymux {

WaitResult MeasuredPoller::wait(std::span<Event> out, Timeout timeout) noexcept {
  if (turn_begin_ != Clock::time_point{}) measures_.note_turn(Clock::now() - turn_begin_);
  const auto result = poller_->wait(out, timeout);
  turn_begin_ = Clock::now();
  if (!result.error) measures_.note_events(result.count);
  return result;
}

}  // namespace polymux
