#include "platform/signals.hpp"

#include <signal.h>

#include <new>

#include "platform/system_error.hpp"

namespace polymux {

struct SignalHandler::Saved {
  int signal_number = 0;
  struct sigaction action {};
};

SignalHandler::SignalHandler() noexcept = default;

SignalHandler::~SignalHandler() {
  if (saved_) ::sigaction(saved_->signal_number, &saved_->action, nullptr);
}

std::error_code SignalHandler::install(int signal_number, Function function) noexcept {
  std::unique_ptr<Saved> saved(new (std::nothrow) Saved{.signal_number = signal_number});
  if (!saved) return std::make_error_code(std::errc::not_enough_memory);
  struct sigaction action {};
  action.sa_handler = function;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  if (::sigaction(signal_number, &action, &saved->action) != 0) return last_error();
  saved_ = std::move(saved);
  return {};
}

}  // namespace polymux
