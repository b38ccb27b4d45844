#include "core/loop/signal_inbox.hpp"

#include <algorithm>

#include "core/loop/callback_guard.hpp"
#include "platform/signal_hub.hpp"

namespace polymux {

SignalInbox::~SignalInbox() {
  stop();
  if (box_ == nullptr) return;
  for (int number = 1; number <= greatest_signal; ++number) {
    signal_hub::unsubscribe(*box_, number);
  }
  signal_hub::release(*box_);
}

std::error_code SignalInbox::open() {
  if (box_ == nullptr) {
    if (const auto error = signal_hub::acquire(box_)) return error;
  }
  return is_active() ? std::error_code{} : start(box_->wakeup.fd(), Interest::read);
}

std::error_code SignalInbox::add(SignalWatch& watch, int number) {
  if (const auto error = open()) return error;
  watches_.push_back(&watch);
  const auto error = signal_hub::subscribe(*box_, number);
  if (error) watches_.pop_back();
  return error;
}

void SignalInbox::remove(SignalWatch& watch, int number) noexcept {
  const auto gone = std::ranges::find(watches_, &watch);
  const auto index = static_cast<std::size_t>(gone - watches_.begin());
  watches_.erase(gone);
  if (index < next_) --next_;
  if (index < end_) --end_;
  if (!has_watch_for(number)) signal_hub::unsubscribe(*box_, number);
}

bool SignalInbox::has_watch_for(int number) const noexcept {
  return std::ranges::any_of(
      watches_, [number](const auto* watch) { return watch->signal_number() == number; });
}

void SignalInbox::on_ready(Ready /*ready*/) {
  // Cleared before the look: a signal between the two is found at once or wakes again.
  box_->wakeup.clear();
  try {
    for (int number = 1; number <= greatest_signal; ++number) {
      if (box_->pending.take(number)) call_watches(number);
    }
  } catch (...) {
    // The other signals have their turn when the loop is run again.
    box_->wakeup.signal();
    throw;
  }
}

void SignalInbox::call_watches(int number) {
  // Those that a callback adds come behind the end, and did not watch when the signal came.
  end_ = watches_.size();
  for (next_ = 0; next_ < end_;) {
    auto& watch = *watches_[next_++];
    if (watch.signal_number_ == number) call_guarded(watch.callback_, watch.was_destroyed_);
  }
}

}  // namespace polymux
