// A clock that ticks ten times a second and obeys signals: USR1 asks, HUP begins anew, TERM ends.

#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <polymux/polymux.hpp>
#include <string>
#include <utility>

namespace {

using namespace std::chrono_literals;

/// Calls a function every `period`. A callback that comes late does not make the next one late:
/// each is due at a multiple of the period, and those that were missed are left out.
class Ticker {
 public:
  using Clock = polymux::Timer::Clock;

  Ticker(polymux::EventLoop& loop, std::chrono::nanoseconds period, std::function<void()> tick)
      : period_(period), tick_(std::move(tick)), timer_(loop, [this] { on_due(); }) {}

  void start() { timer_.start_after(period_); }

 private:
  void on_due() {
    const auto missed = (Clock::now() - timer_.deadline()) / period_;
    timer_.start_at(timer_.deadline() + (missed + 1) * period_);
    tick_();
  }

  std::chrono::nanoseconds period_;
  std::function<void()> tick_;
  polymux::Timer timer_;
};

void say(const std::string& text) {
  std::cout << text << std::endl;
}

}  // namespace

int main() {
  auto opened = polymux::open_poller();
  if (!opened) {
    std::cerr << opened.message << '\n';
    return EXIT_FAILURE;
  }
  polymux::EventLoop loop(std::move(opened.poller));

  int ticks = 0;
  Ticker ticker(loop, 100ms, [&] { ++ticks; });
  // One that is started anew each time never fires while somebody asks.
  polymux::Timer bored(loop, [] { say("nobody has asked for a second"); });

  // Not signal handlers: these are called by the loop, and may do what they like.
  polymux::SignalWatch ask(loop, [&] {
    say(std::to_string(ticks) + " ticks");
    bored.start_after(1s);
  });
  polymux::SignalWatch anew(loop, [&] {
    ticks = 0;
    ticker.start();
    say("started anew");
  });
  polymux::SignalWatch end(loop, [&] {
    say("ended after " + std::to_string(ticks) + " ticks");
    loop.stop();
  });
  for (auto [watch, number] : {std::pair(&ask, SIGUSR1), {&anew, SIGHUP}, {&end, SIGTERM}}) {
    if (const auto error = watch->start(number)) {
      std::cerr << "signal " << number << ": " << error.message() << '\n';
      return EXIT_FAILURE;
    }
  }
  ticker.start();
  bored.start_after(1s);
  say("process " + std::to_string(::getpid()));
  return loop.run() ? EXIT_FAILURE : EXIT_SUCCESS;
}
