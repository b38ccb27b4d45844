#pragma once

#include <polymux/export.hpp>

namespace polymux {

class EventLoop;

namespace detail {

/// Ends with its loop: is told when that is destroyed.
class POLYMUX_API LoopEnd {
 public:
  LoopEnd() = default;
  LoopEnd(const LoopEnd&) = delete;
  LoopEnd& operator=(const LoopEnd&) = delete;

 protected:
  virtual ~LoopEnd() { unlink(); }

  /// From now on until `unlink`. A second time does nothing.
  void link(EventLoop& loop) noexcept;
  void unlink() noexcept;

 private:
  friend class polymux::EventLoop;

  /// The loop is whole still, and this is not linked any more.
  virtual void on_loop_end() noexcept = 0;

  /// What points at this; null if it is not linked.
  LoopEnd** place_ = nullptr;
  LoopEnd* next_ = nullptr;
};

}  // namespace detail
}  // namespace polymux
