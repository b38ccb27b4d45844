#include <polymux/loop/event_loop.hpp>
#include <polymux/loop/signal_watch.hpp>

#include "core/loop/signal_inbox.hpp"

namespace polymux {

SignalWatch::~SignalWatch() {
  stop();
  if (was_destroyed_ != nullptr) *was_destroyed_ = true;
}

std::error_code SignalWatch::start(int signal_number) {
  stop();
  if (const auto error = loop_->signals().add(*this, signal_number)) return error;
  signal_number_ = signal_number;
  return {};
}

void SignalWatch::stop() noexcept {
  if (!is_active()) return;
  const int number = signal_number_;
  signal_number_ = 0;
  loop_->signals().remove(*this, number);
}

}  // namespace polymux
