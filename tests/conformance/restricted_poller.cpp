#include "tests/conformance/restricted_poller.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include <polymux/poller/registry.hpp>

namespace polymux::test {
namespace {

constexpr int greatest_fd = 2000;
constexpr std::chrono::nanoseconds step = std::chrono::milliseconds(5);

Timeout rounded_up(Timeout timeout) noexcept {
  using std::chrono::nanoseconds;
  if (!timeout || *timeout <= nanoseconds::zero()) return timeout;
  const auto above = *timeout % step;
  if (above == nanoseconds::zero() || *timeout > nanoseconds::max() - step) return timeout;
  return *timeout + (step - above);
}

class RestrictedPoller final : public Poller {
 public:
  explicit RestrictedPoller(std::unique_ptr<Poller> whole) noexcept : whole_(std::move(whole)) {
    capabilities_.timeout_step = step;
    capabilities_.greatest_fd = greatest_fd;
    capabilities_.wait_cost = WaitCost::greatest_fd;
  }

  std::error_code add(int fd, Token token, Interest interest, Trigger trigger) noexcept override {
    if (const auto error = check(interest, trigger)) return error;
    if (fd > greatest_fd) return Errc::descriptor_too_large;
    return whole_->add(fd, token, interest, trigger);
  }

  std::error_code modify(int fd, Token token, Interest interest,
                         Trigger trigger) noexcept override {
    if (const auto error = check(interest, trigger)) return error;
    return whole_->modify(fd, token, interest, trigger);
  }

  std::error_code remove(int fd) noexcept override { return whole_->remove(fd); }

  WaitResult wait(std::span<Event> out, Timeout timeout) noexcept override {
    constexpr auto told = Ready::readable | Ready::writable | Ready::invalid;
    const auto result = whole_->wait(out, rounded_up(timeout));
    for (auto& event : out.first(std::min(out.size(), result.count))) {
      event.ready = event.ready & told;
    }
    return result;
  }

  void wake() noexcept override { whole_->wake(); }
  const Capabilities& capabilities() const noexcept override { return capabilities_; }
  std::optional<int> pollable_handle() noexcept override { return std::nullopt; }

 private:
  // What the whole says first of any request: a negative number is the last thing it looks at.
  [[nodiscard]] std::error_code check(Interest interest, Trigger trigger) const noexcept {
    const auto error = whole_->add(-1, Token{}, interest, trigger);
    if (error != Errc::bad_descriptor) return error;
    const bool lacks = trigger == Trigger::edge || contains(interest, Interest::priority);
    return lacks ? std::error_code(Errc::not_supported) : std::error_code();
  }

  std::unique_ptr<Poller> whole_;
  Capabilities capabilities_;
};

}  // namespace

std::unique_ptr<Poller> open_restricted_poller() {
  for (const char* name : {"poll", "select"}) {
    if (auto opened = open_poller(name)) {
      return std::make_unique<RestrictedPoller>(std::move(opened.poller));
    }
  }
  return nullptr;
}

}  // namespace polymux::test
