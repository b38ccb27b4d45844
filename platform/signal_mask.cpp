#include "platform/signal_mask.hpp"

#include <signal.h>

namespace polymux {

struct SignalBlock::Saved {
  sigset_t mask{};
};

SignalBlock::SignalBlock(std::span<const int> numbers) : saved_(std::make_unique<Saved>()) {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : numbers) sigaddset(&set, number);
  ::pthread_sigmask(SIG_BLOCK, &set, &saved_->mask);
}

SignalBlock::~SignalBlock() {
  ::pthread_sigmask(SIG_SETMASK, &saved_->mask, nullptr);
}

void ignore_signals(std::span<const int> numbers) noexcept {
  struct sigaction ignoring {};
  ignoring.sa_handler = SIG_IGN;
  for (const int number : numbers) ::sigaction(number, &ignoring, nullptr);
}

}  // namespace polymux
