#include <polymux/loop/event_loop.hpp>
#include <polymux/loop/loop_end.hpp>

#include <algorithm>
#include <cassert>
#include <chrono>
#include <cstdint>
#include <iterator>
#include <thread>
#include <utility>

#include "core/loop/interest_changes.hpp"
#include "core/loop/passing_error.hpp"
#include "core/loop/signal_inbox.hpp"
#include "core/loop/timer_queue.hpp"
#include "core/loop/turn_end.hpp"

namespace polymux {
namespace {

using namespace std::chrono_literals;

// Where the wait itself fails for want of memory or descriptors there is no event to wait for, and
// trying again at once would spin. How long the loop rests then, and how often in a row: five
// seconds.
constexpr auto rest = 10ms;
constexpr int most_rests = 500;

[[gnu::cold]] Timeout at_most(Timeout longest, std::chrono::nanoseconds limit) noexcept {
  return std::min(longest.value_or(limit), limit);
}

}  // namespace

class EventLoop::Running {
 public:
  explicit Running(EventLoop& loop) noexcept : loop_(loop) {
    loop_.is_running_ = true;
    loop_.thread_.store(std::this_thread::get_id(), std::memory_order_relaxed);
    // Time has passed since the last turn.
    loop_.has_now_ = false;
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
  ~Running() {
    loop_.is_running_ = false;
    loop_.thread_.store({}, std::memory_order_relaxed);
  }

 private:
  EventLoop& loop_;
};

EventLoop::EventLoop(std::unique_ptr<Poller> poller)
    : poller_(std::move(poller)),
      timers_(std::make_unique<TimerQueue>()),
      interest_changes_(std::make_unique<InterestChanges>(*this)) {
  assert(poller_ != nullptr);
}

EventLoop::~EventLoop() {
  while (auto* const end = loop_ends_) {
    end->unlink();
    end->on_loop_end();
  }
}

Poller& EventLoop::poller() noexcept {
  is_poller_shared_ = true;
  if (!is_running_) tell_changes();
  return *poller_;
}

// Those of before the loop runs.
void EventLoop::tell_changes() noexcept {
  if (turn_ends_ != nullptr) end_turn();
}

std::error_code EventLoop::run() {
  if (is_running_) return std::make_error_code(std::errc::operation_in_progress);
  const Running running(*this);
  int rests = 0;
  tell_changes();
  auto timeout = until_next({});
  // Looked at first, for it is seldom set and to exchange it costs more.
  while (!is_stopping_.load() || !is_stopping_.exchange(false)) {
    if (wait_and_dispatch(timeout)) {
      rests = 0;
      timeout = {};
      if (has_more_than_events()) {
        finish_turn();
        timeout = until_next({});
      }
      continue;
    }
    if (!may_pass(failure_) || ++rests > most_rests) return failure_;
    std::this_thread::sleep_for(rest);
    has_now_ = false;
    timeout = until_next({});
  }
  return {};
}

std::error_code EventLoop::run_once(Timeout timeout) {
  if (is_running_) return std::make_error_code(std::errc::operation_in_progress);
  const Running running(*this);
  tell_changes();
  if (!wait_and_dispatch(until_next(timeout))) return failure_;
  finish_turn();
  return {};
}

// A part of `run`: the way of every event.
[[gnu::always_inline]] inline bool EventLoop::wait_and_dispatch(Timeout timeout) {
  // Something is left of a batch if a callback threw.
  if (next_ == end_) {
    const auto result = poller_->wait(batch_, timeout);
    if (result.error) {
      failure_ = result.error;
      return false;
    }
    next_ = batch_.data();
    end_ = next_ + result.count;
  }
  has_now_ = false;
  const auto* const end = end_;
  for (auto* event = next_; event != end;) {
    const auto [token, ready] = *event;
    next_ = ++event;
    // Blanked by forget.
    if (ready == Ready::none) continue;
    reinterpret_cast<Watcher*>(static_cast<std::uintptr_t>(token))->on_ready(ready);
  }
  return true;
}

inline bool EventLoop::has_more_than_events() const noexcept {
  return !timers_->empty() || has_tasks_.load(std::memory_order_relaxed) || turn_ends_ != nullptr;
}

[[gnu::always_inline]] inline void EventLoop::finish_turn() {
  if (!timers_->empty() && timers_->next() <= now()) fire_timers();
  if (has_tasks_.load(std::memory_order_relaxed)) run_tasks();
  if (turn_ends_ != nullptr) end_turn();
}

inline Timeout EventLoop::until_next(Timeout longest) noexcept {
  using std::chrono::nanoseconds;
  if (has_tasks_.load(std::memory_order_relaxed)) return nanoseconds::zero();
  // What could not be done at the end of this turn is tried again soon.
  if (turn_ends_ != nullptr) longest = at_most(longest, rest);
  if (timers_->empty()) return longest;
  const auto since = now();
  const auto left = std::max<nanoseconds>(timers_->next() - since, nanoseconds::zero());
  return {longest ? std::min(*longest, left) : left, since};
}

bool EventLoop::is_in_loop_thread() const noexcept {
  return thread_.load(std::memory_order_relaxed) == std::this_thread::get_id();
}

void EventLoop::forget(const Watcher& watcher) noexcept {
  const Token token{reinterpret_cast<std::uintptr_t>(&watcher)};
  for (auto* event = next_; event != end_; ++event) {
    if (event->token == token) event->ready = Ready::none;
  }
}

bool EventLoop::put_invalid(const Watcher& watcher) noexcept {
  if (next_ == end_) next_ = end_ = batch_.data();
  if (end_ == batch_.data() + batch_.size()) return false;
  *end_++ = {Token{reinterpret_cast<std::uintptr_t>(&watcher)}, Ready::invalid};
  return true;
}

void EventLoop::fire_timers() {
  // One reading of the clock for all. What a callback starts waits for a later turn.
  timers_->collect(now());
  while (auto* const timer = timers_->pop_due()) fire(*timer);
}

void EventLoop::fire(Timer& timer) {
  // The callback may destroy its timer: it is held here while it runs.
  struct Firing {
    Timer*& fired;
    Timer& timer;
    Timer::Callback callback;

    Firing(Timer*& place, Timer& next) noexcept : fired(place), timer(next) {
      callback.swap(timer.callback_);
      fired = &timer;
    }
    Firing(const Firing&) = delete;
    Firing& operator=(const Firing&) = delete;
    ~Firing() {
      if (std::exchange(fired, nullptr) != nullptr) callback.swap(timer.callback_);
    }
  };
  has_now_ = false;
  const Firing firing(firing_, timer);
  firing.callback();
}

void EventLoop::post(Callback callback) {
  {
    const std::scoped_lock lock(tasks_mutex_);
    tasks_.push_back(std::move(callback));
    has_tasks_.store(true, std::memory_order_relaxed);
  }
  // Its own thread looks for tasks before it waits.
  if (!is_in_loop_thread()) poller_->wake();
}

inline void EventLoop::end_turn() noexcept {
  // What is requested meanwhile is for the next turn.
  auto* next = std::exchange(turn_ends_, nullptr);
  while (next != nullptr) {
    auto& told = *next;
    next = told.next_;
    told.is_requested_ = false;
    told.on_turn_end();
  }
}

void EventLoop::run_tasks() {
  has_now_ = false;
  std::vector<Callback> due;
  {
    const std::scoped_lock lock(tasks_mutex_);
    due.swap(tasks_);
    has_tasks_.store(false, std::memory_order_relaxed);
  }
  std::size_t done = 0;
  try {
    while (done < due.size()) {
      // Destroyed as soon as it has run, in the loop's thread.
      const auto task = std::move(due[done++]);
      task();
    }
  } catch (...) {
    requeue(due, done);
    throw;
  }
}

void EventLoop::requeue(std::vector<Callback>& due, std::size_t from) {
  const std::scoped_lock lock(tasks_mutex_);
  tasks_.insert(tasks_.begin(),
                std::make_move_iterator(due.begin() + static_cast<std::ptrdiff_t>(from)),
                std::make_move_iterator(due.end()));
  has_tasks_.store(!tasks_.empty(), std::memory_order_relaxed);
}

void EventLoop::stop() noexcept {
  is_stopping_.store(true);
  poller_->wake();
}

SignalInbox& EventLoop::signals() {
  if (!signals_) signals_ = std::make_unique<SignalInbox>(*this);
  return *signals_;
}

}  // namespace polymux
