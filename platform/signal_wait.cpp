#include "platform/signal_wait.hpp"

#include <pthread.h>
#include <signal.h>
#include <sys/time.h>

#include <algorithm>
#include <new>

#include "platform/system_error.hpp"

namespace polymux {
namespace {

extern "C" void polymux_never_called(int /*number*/) {}

std::error_code as_error(int code) noexcept {
  return {code, std::system_category()};
}

}  // namespace

struct SignalWait::Masks {
  sigset_t waited{};
  sigset_t before{};
};

SignalWait::SignalWait() noexcept = default;

SignalWait::~SignalWait() {
  if (!masks_) return;
  set_alarm(Clock::time_point::max());
  // What comes after the end is not meant for whoever comes next.
  sigset_t pending{};
  for (;;) {
    sigpending(&pending);
    bool is_pending = false;
    for (int number = 1; number <= greatest_signal; ++number) {
      is_pending |= sigismember(&masks_->waited, number) == 1 && sigismember(&pending, number) == 1;
    }
    if (!is_pending) break;
    static_cast<void>(wait());
  }
  pthread_sigmask(SIG_SETMASK, &masks_->before, nullptr);
}

std::error_code SignalWait::open(std::span<const int> numbers) noexcept {
  if (numbers.size() > most_signals) return std::make_error_code(std::errc::invalid_argument);
  std::unique_ptr<Masks> masks(new (std::nothrow) Masks);
  if (!masks) return std::make_error_code(std::errc::not_enough_memory);
  sigemptyset(&masks->waited);
  sigaddset(&masks->waited, SIGALRM);
  for (const int number : numbers) sigaddset(&masks->waited, number);
  if (const int code = pthread_sigmask(SIG_BLOCK, &masks->waited, &masks->before); code != 0) {
    return as_error(code);
  }
  masks_ = std::move(masks);
  if (const auto error = handlers_.back().install(SIGALRM, polymux_never_called)) return error;
  for (std::size_t at = 0; at < numbers.size(); ++at) {
    if (const auto error = handlers_[at].install(numbers[at], polymux_never_called)) return error;
  }
  return {};
}

int SignalWait::wait() noexcept {
  int number = 0;
  // It can fail for nothing but a set that is none.
  while (sigwait(&masks_->waited, &number) != 0) {
  }
  return number;
}

void SignalWait::set_alarm(Clock::time_point at) noexcept {
  itimerval timer{};
  if (at != Clock::time_point::max()) {
    using std::chrono::microseconds;
    // Zero would switch it off; what is far away is asked for again. In this order, lest a moment
    // long ago is an overflow.
    constexpr microseconds shortest{1};
    constexpr microseconds longest = std::chrono::hours{24};
    const auto now = Clock::now();
    const auto left =
        at <= now ? shortest : std::min(longest, std::chrono::ceil<microseconds>(at - now));
    const auto whole = std::chrono::floor<std::chrono::seconds>(left);
    timer.it_value.tv_sec = static_cast<time_t>(whole.count());
    timer.it_value.tv_usec = static_cast<suseconds_t>((left - whole).count());
  }
  ::setitimer(ITIMER_REAL, &timer, nullptr);
}

void SignalWait::wake(std::thread& waiting) noexcept {
  pthread_kill(waiting.native_handle(), SIGALRM);
}

void SignalWait::become_child(std::span<const int> kept) noexcept {
  sigset_t others = masks_->waited;
  for (const int number : kept) sigdelset(&others, number);
  for (int number = 1; number <= greatest_signal; ++number) {
    if (sigismember(&others, number) == 1) ::signal(number, SIG_DFL);
  }
  pthread_sigmask(SIG_UNBLOCK, &others, nullptr);
}

}  // namespace polymux
