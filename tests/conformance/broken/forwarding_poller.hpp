#pragma once

#include <memory>
#include <optional>
#include <span>
#include <system_error>
#include <utility>

#include <polymux/poller/poller.hpp>

namespace polymux::test {

/// Does nothing of its own: what a broken poller is made from, one function replaced.
class ForwardingPoller : public Poller {
 public:
  explicit ForwardingPoller(std::unique_ptr<Poller> inner) noexcept : inner_(std::move(inner)) {}

  [[nodiscard]] std::error_code add(int fd, Token token, Interest interest,
                                    Trigger trigger) noexcept override {
    return inner_->add(fd, token, interest, trigger);
  }
  [[nodiscard]] std::error_code modify(int fd, Token token, Interest interest,
                                       Trigger trigger) noexcept override {
    return inner_->modify(fd, token, interest, trigger);
  }
  [[nodiscard]] std::error_code remove(int fd) noexcept override { return inner_->remove(fd); }
  [[nodiscard]] WaitResult wait(std::span<Event> out, Timeout timeout) noexcept override {
    return inner_->wait(out, timeout);
  }
  void wake() noexcept override { inner_->wake(); }
  [[nodiscard]] const Capabilities& capabilities() const noexcept override {
    return inner_->capabilities();
  }
  [[nodiscard]] std::optional<int> pollable_handle() noexcept override {
    return inner_->pollable_handle();
  }

 protected:
  [[nodiscard]] Poller& inner() noexcept { return *inner_; }
  [[nodiscard]] const Poller& inner() const noexcept { return *inner_; }

 private:
  std::unique_ptr<Poller> inner_;
};

/// Says something else of itself than what is true.
template <void Lie(Capabilities&), class Base = ForwardingPoller>
class LiesAboutItself final : public Base {
 public:
  explicit LiesAboutItself(std::unique_ptr<Poller> inner)
      : Base(std::move(inner)), capabilities_(Base::capabilities()) {
    Lie(capabilities_);
  }
  [[nodiscard]] const Capabilities& capabilities() const noexcept override { return capabilities_; }

 private:
  Capabilities capabilities_;
};

}  // namespace polymux::test
