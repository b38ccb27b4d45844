#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

#include <polymux/polymux.hpp>

/// A poller of one's own: hands everything on to another, and counts what it is asked for.
class CountingPoller final : public polymux::Poller {
 public:
  explicit CountingPoller(std::unique_ptr<polymux::Poller> inner) : inner_(std::move(inner)) {}

  [[nodiscard]] std::error_code add(int fd, polymux::Token token, polymux::Interest interest,
                                    polymux::Trigger trigger) noexcept override {
    ++changes_;
    return inner_->add(fd, token, interest, trigger);
  }

  [[nodiscard]] std::error_code modify(int fd, polymux::Token token, polymux::Interest interest,
                                       polymux::Trigger trigger) noexcept override {
    ++changes_;
    return inner_->modify(fd, token, interest, trigger);
  }

  [[nodiscard]] std::error_code remove(int fd) noexcept override {
    ++changes_;
    return inner_->remove(fd);
  }

  [[nodiscard]] polymux::WaitResult wait(std::span<polymux::Event> out,
                                         polymux::Timeout timeout) noexcept override {
    ++waits_;
    const auto result = inner_->wait(out, timeout);
    events_ += result.count;
    return result;
  }

  // From any thread and signal handler: only what is lock-free may be touched here.
  void wake() noexcept override {
    wakes_.fetch_add(1, std::memory_order_relaxed);
    inner_->wake();
  }

  [[nodiscard]] const polymux::Capabilities& capabilities() const noexcept override {
    return inner_->capabilities();
  }

  [[nodiscard]] std::optional<int> pollable_handle() noexcept override {
    return inner_->pollable_handle();
  }

  [[nodiscard]] std::uint64_t changes() const noexcept { return changes_; }
  [[nodiscard]] std::uint64_t waits() const noexcept { return waits_; }
  [[nodiscard]] std::uint64_t events() const noexcept { return events_; }
  [[nodiscard]] std::uint64_t wakes() const noexcept { return wakes_.load(); }

 private:
  std::unique_ptr<polymux::Poller> inner_;
  std::uint64_t changes_ = 0;
  std::uint64_t waits_ = 0;
  std::uint64_t events_ = 0;
  std::atomic<std::uint64_t> wakes_{0};
};
