#include "core/models/server_control.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <utility>

#include "core/models/later.hpp"

namespace polymux {
namespace {

constexpr auto never = ServerControl::Clock::time_point::max();

// What a terminal or a service manager sends to all, and is for the parent to judge.
constexpr std::array not_for_children{SIGTERM, SIGINT, SIGUSR1};

}  // namespace

std::error_code ServerControl::open() noexcept {
  if (const auto error = ending_.open()) return error;
  constexpr std::array all{SIGTERM, SIGINT, SIGUSR1, SIGCHLD};
  return signals_.open(all);
}

void ServerControl::begin() noexcept {
  const auto now = Clock::now();
  if (options_.stats_interval > options_.stats_interval.zero()) {
    next_report_ = later(now, options_.stats_interval);
  }
  if (options_.watch_interval > options_.watch_interval.zero()) {
    next_watch_ = later(now, options_.watch_interval);
  }
  if (options_.alive_interval > options_.alive_interval.zero()) next_alive_ = now;
}

ServerControl::Event ServerControl::wait(Clock::time_point wake) {
  signals_.set_alarm(std::min({next_report_, next_watch_, next_alive_, end_of_drain_, wake}));
  const int number = signals_.wait();
  if (number == SIGCHLD) return Event::children;
  if (number == SIGUSR1) {
    observer_.on_state({.is_ending = is_draining_, .counters = counters_.snapshot()});
    return Event::time;
  }
  return number == SIGALRM ? look_at_clock() : end();
}

ServerControl::Event ServerControl::end() {
  const bool is_first = !std::exchange(is_draining_, true);
  if (is_first) observer_.on_ending();
  if (is_first && options_.connections.drain_timeout > options_.connections.drain_timeout.zero()) {
    end_of_drain_ = later(Clock::now(), options_.connections.drain_timeout);
    ending_.drain.trip();
    return Event::drain;
  }
  end_of_drain_ = never;
  ending_.stop.trip();
  return Event::stop;
}

ServerControl::Event ServerControl::look_at_clock() {
  const auto now = Clock::now();
  if (now >= next_report_) {
    observer_.on_counters(counters_.snapshot());
    next_report_ = later(now, options_.stats_interval);
  }
  if (now >= next_watch_) {
    observer_.on_watch(counters_.snapshot());
    next_watch_ = later(now, options_.watch_interval);
  }
  if (now >= next_alive_) {
    observer_.on_alive();
    next_alive_ = later(now, options_.alive_interval);
  }
  return now >= end_of_drain_ ? end() : Event::time;
}

void ServerControl::become_child() noexcept {
  ending_.become_waiter();
  signals_.become_child(not_for_children);
}

std::error_code ControlThread::start() noexcept {
  try {
    thread_ = std::thread([this] {
      while (!is_over_) on_event_(control_.wait());
    });
  } catch (const std::system_error& error) {
    return error.code();
  }
  return {};
}

ControlThread::~ControlThread() {
  if (!thread_.joinable()) return;
  is_over_ = true;
  SignalWait::wake(thread_);
  thread_.join();
}

}  // namespace polymux
