#include <polymux/loop/event_loop.hpp>
#include <polymux/loop/loop_end.hpp>

namespace polymux::detail {

void LoopEnd::link(EventLoop& loop) noexcept {
  if (place_ != nullptr) return;
  place_ = &loop.loop_ends_;
  next_ = *place_;
  if (next_ != nullptr) next_->place_ = &next_;
  *place_ = this;
}

void LoopEnd::unlink() noexcept {
  if (place_ == nullptr) return;
  *place_ = next_;
  if (next_ != nullptr) next_->place_ = place_;
  place_ = nullptr;
}

}  // namespace polymux::detail
