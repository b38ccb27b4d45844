#pragma once

#include <chrono>
#include <memory>

#include <polymux/poller/poller.hpp>

#include "core/models/loop_measures.hpp"

namespace polymux {

/// Any poller, measured: how many events a wait finds, and how long its loop takes until the next.
/// A loop that nobody wants to be measured has it not, and pays nothing.
class MeasuredPoller final : public Poller {
 public:
  /// \param elsewhere  Where to measure, if not in itself; outlives it.
  explicit MeasuredPoller(std::unique_ptr<Poller> poller,
                          LoopMeasures* elsewhere = nullptr) noexcept
      : poller_(std::move(poller)), measures_(elsewhere != nullptr ? *elsewhere : own_) {}

  [[nodiscard]] const LoopMeasures& measures() const noexcept { return measures_; }

  std::error_code add(int fd, Token token, Interest interest, Trigger trigger) noexcept override {
    return poller_->add(fd, token, interest, trigger);
  }
  std::error_code modify(int fd, Token token, Interest interest,
                         Trigger trigger) noexcept override {
    return poller_->modify(fd, token, interest, trigger);
  }
  std::error_code remove(int fd) noexcept override { return poller_->remove(fd); }
  WaitResult wait(std::span<Event> out, Timeout timeout) noexcept override;
  void wake() noexcept override { poller_->wake(); }
  const Capabilities& capabilities() const noexcept override { return poller_->capabilities(); }
  std::optional<int> pollable_handle() noexcept override { return poller_->pollable_handle(); }

 private:
  using Clock = std::chrono::steady_clock;

  std::unique_ptr<Poller> poller_;
  LoopMeasures own_;
  LoopMeasures& measures_;
  /// The end of the last wait; the epoch before there was one.
  Clock::time_point turn_begin_{};
};

}  // namespace polymux
