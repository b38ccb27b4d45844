#include <polymux/loop/event_loop.hpp>
#include <polymux/loop/watcher.hpp>

#include <cstdint>

#include "core/loop/callback_guard.hpp"

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
  if (const auto error = loop_->poller().add(fd, token_of(*this), interest, trigger)) return error;
  fd_ = fd;
  interest_ = interest;
  trigger_ = trigger;
  return {};
}

std::error_code Watcher::set_interest(Interest interest) noexcept {
  if (!is_active()) return Errc::not_registered;
  if (interest == interest_ && trigger_ == Trigger::level) return {};
  if (const auto error = loop_->poller().modify(fd_, token_of(*this), interest, trigger_)) {
    return error;
  }
  interest_ = interest;
  return {};
}

void Watcher::stop() noexcept {
  if (!is_active()) return;
  // Fails only in a forked child, where there is nothing to undo.
  static_cast<void>(loop_->poller().remove(fd_));
  loop_->forget(*this);
  fd_ = -1;
}

CallbackWatcher::~CallbackWatcher() {
  if (was_destroyed_ != nullptr) *was_destroyed_ = true;
}

void CallbackWatcher::on_ready(Ready ready) {
  call_guarded(callback_, was_destroyed_, ready);
}

}  // namespace polymux
