#include <polymux/loop/event_loop.hpp>
#include <polymux/loop/watcher.hpp>

#include <cstdint>

#include "core/loop/callback_guard.hpp"
#include "core/loop/interest_changes.hpp"

namespace polymux {
namespace {

// The poller reports a token only while it is registered, and stop takes it out of the batch: the
// address is that of a living watcher whenever it comes back.
Token token_of(const Watcher& watcher) noexcept {
  return Token{reinterpret_cast<std::uintptr_t>(&watcher)};
}

}  // namespace

std::error_code Watcher::start(int fd, Interest interest, Trigger trigger) noexcept {
  stop();
  if (const auto error = loop_->poller_->add(fd, token_of(*this), interest, trigger)) return error;
  fd_ = fd;
  interest_ = told_ = interest;
  allowed_ = interest;
  trigger_ = trigger;
  is_absent_ = false;
  return {};
}

std::error_code Watcher::change_interest(Interest interest) noexcept {
  if (!will_be_told(interest)) return change_interest_now(interest);
  interest_ = interest;
  return {};
}

std::error_code Watcher::change_interest_now(Interest interest) noexcept {
  if (!is_active()) return Errc::not_registered;
  const auto error = tell_poller(interest);
  if (!error) interest_ = interest;
  return error;
}

inline bool Watcher::will_be_told(Interest interest) noexcept {
  if (!is_allowed(interest) || trigger_ != Trigger::level || !is_active()) return false;
  if (interest == interest_) return true;
  // Who waits for the poller without the loop has to find there what is wanted.
  const bool is_seen_now = loop_->is_poller_shared_ && !loop_->is_running_;
  return !is_seen_now && loop_->interest_changes_->add(*this);
}

std::error_code Watcher::tell_poller(Interest interest) noexcept {
  auto& poller = *loop_->poller_;
  const auto token = token_of(*this);
  const auto error = is_absent_ ? poller.add(fd_, token, interest, trigger_)
                                : poller.modify(fd_, token, interest, trigger_);
  if (error) return error;
  is_absent_ = false;
  told_ = interest;
  allowed_ = allowed_ | interest;
  return error;
}

void Watcher::leave_poller() noexcept {
  static_cast<void>(loop_->poller_->remove(fd_));
  is_absent_ = true;
  told_ = Interest::none;
}

void Watcher::stop() noexcept {
  if (!is_active()) return;
  // Fails if it is absent, or in a forked child: there is nothing to undo.
  static_cast<void>(loop_->poller_->remove(fd_));
  loop_->forget(*this);
  if (is_change_due_) loop_->interest_changes_->forget(*this);
  fd_ = -1;
}

CallbackWatcher::~CallbackWatcher() {
  if (was_destroyed_ != nullptr) *was_destroyed_ = true;
}

void CallbackWatcher::on_ready(Ready ready) {
  call_guarded(callback_, was_destroyed_, ready);
}

}  // namespace polymux
