#include <polymux/loop/event_loop.hpp>

#include <algorithm>
#include <cassert>
#include <chrono>
#include <cstdint>
#include <iterator>
#include <thread>
#include <utility>

#include "core/loop/callback_guard.hpp"
#include "core/loop/signal_inbox.hpp"
#include "core/loop/timer_queue.hpp"

namespace polymux {
namespace {

using namespace std::chrono_literals;

// Where the wait itself fails for want of memory or descriptors there is no event to wait for, and
// trying again at once would spin. How long the loop rests then, and how often in a row: five
// seconds.
constexpr auto rest = 10ms;
constexpr int most_rests = 500;

// poll(2) and select(2): ENOMEM, and EAGAIN on macOS and the BSDs. epoll, where its set has to be
// made anew: want of descriptors too.
bool may_pass(std::error_code error) {
  return error == std::errc::not_enough_memory ||
         error == std::errc::resource_unavailable_try_again ||
         error == std::errc::too_many_files_open ||
         error == std::errc::too_many_files_open_in_system;
}

}  // namespace

EventLoop::EventLoop(std::unique_ptr<Poller> poller)
    : poller_(std::move(poller)), timers_(std::make_unique<TimerQueue>()) {
  assert(poller_ != nullptr);
}

EventLoop::~EventLoop() = default;

std::error_code EventLoop::run() {
  int rests = 0;
  while (!is_stopping_.exchange(false)) {
    const auto error = run_once();
    if (!error) {
      rests = 0;
      continue;
    }
    if (!may_pass(error) || ++rests > most_rests) return error;
    std::this_thread::sleep_for(rest);
  }
  return {};
}

std::error_code EventLoop::run_once(Timeout timeout) {
  if (is_running_) return std::make_error_code(std::errc::operation_in_progress);
  struct Running {
    bool& flag;
    explicit Running(bool& running) : flag(running) { flag = true; }
    ~Running() { flag = false; }
  } const running(is_running_);
  return turn(timeout);
}

std::error_code EventLoop::turn(Timeout timeout) {
  // Something is left of a batch if a callback threw.
  if (next_ == end_) {
    const auto result = poller_->wait(batch_, time_to_wait(timeout));
    if (result.error) return result.error;
    next_ = 0;
    end_ = result.count;
  }
  dispatch();
  if (!timers_->empty()) fire_timers();
  if (has_tasks_.load(std::memory_order_relaxed)) run_tasks();
  return {};
}

Timeout EventLoop::time_to_wait(Timeout longest) const noexcept {
  using std::chrono::nanoseconds;
  if (has_tasks_.load(std::memory_order_relaxed)) return nanoseconds::zero();
  if (timers_->empty()) return longest;
  const auto left = timers_->front().deadline() - Timer::Clock::now();
  const auto wait = std::max<nanoseconds>(left, nanoseconds::zero());
  return longest ? std::min(*longest, wait) : wait;
}

void EventLoop::dispatch() {
  while (next_ < end_) {
    const auto event = batch_[next_++];
    // Blanked by forget.
    if (event.ready == Ready::none) continue;
    reinterpret_cast<Watcher*>(static_cast<std::uintptr_t>(event.token))->on_ready(event.ready);
  }
}

void EventLoop::forget(const Watcher& watcher) noexcept {
  const Token token{reinterpret_cast<std::uintptr_t>(&watcher)};
  for (auto index = next_; index < end_; ++index) {
    if (batch_[index].token == token) batch_[index].ready = Ready::none;
  }
}

void EventLoop::fire_timers() {
  // One reading of the clock for all: what a callback starts is later than this.
  const auto now = Timer::Clock::now();
  while (!timers_->empty() && timers_->front().deadline() <= now) {
    auto& timer = timers_->front();
    timers_->erase(timer);
    call_guarded(timer.callback_, timer.was_destroyed_);
  }
}

void EventLoop::post(Task task) {
  {
    const std::scoped_lock lock(tasks_mutex_);
    tasks_.push_back(std::move(task));
    has_tasks_.store(true, std::memory_order_relaxed);
  }
  poller_->wake();
}

void EventLoop::run_tasks() {
  std::vector<Task> due;
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

void EventLoop::requeue(std::vector<Task>& due, std::size_t from) {
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
