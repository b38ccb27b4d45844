#include <polymux/coroutine/awaitable_fd.hpp>

#include <utility>

#include <polymux/poller/error.hpp>

namespace polymux {

AwaitableFd::~AwaitableFd() {
  if (was_destroyed_ != nullptr) *was_destroyed_ = true;
  for (auto* const wait : waits_) {
    if (wait != nullptr) wait->fd_ = nullptr;
  }
}

AwaitableFd::Wait AwaitableFd::readable(TimeLimit limit) noexcept {
  return {*this, Interest::read, limit};
}

AwaitableFd::Wait AwaitableFd::writable(TimeLimit limit) noexcept {
  return {*this, Interest::write, limit};
}

void AwaitableFd::interrupt() {
  finish(true, true, std::make_error_code(std::errc::operation_canceled));
}

void AwaitableFd::on_ready(Ready ready) {
  if (ready == Ready::invalid) {
    // Of what was found closed no more is told.
    stop();
    return finish(true, true, Errc::bad_descriptor);
  }
  finish(contains(ready, Ready::readable), contains(ready, Ready::writable), {});
}

// Not inline: GCC 12 would warn that the address outlives what it is of, which it does not see end.
[[gnu::noinline]] static void put(bool*& place, bool* flag) noexcept {
  place = flag;
}

void AwaitableFd::finish(bool reads, bool writes, std::error_code outcome) {
  bool is_gone = false;
  struct Guard {
    bool*& note;
    const bool& is_gone;
    Guard(bool*& place, bool& gone) noexcept : note(place), is_gone(gone) { put(place, &gone); }
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;
    ~Guard() {
      if (!is_gone) note = nullptr;
    }
  };
  const Guard guard(was_destroyed_, is_gone);
  const std::array<bool, directions> concerned{reads, writes};
  for (std::size_t i = 0; i < directions && !is_gone; ++i) {
    if (!concerned[i]) continue;
    if (auto* const wait = std::exchange(waits_[i], nullptr)) wait->finish(outcome);
  }
  // Afterwards: most wait again, and nothing changes.
  if (!is_gone) lose_interest();
}

void AwaitableFd::lose_interest() noexcept {
  if (!is_active() || !tell_interest()) return;
  const bool is_awaited = waits_[reading] != nullptr || waits_[writing] != nullptr;
  if (!is_awaited) stop();
}

std::error_code AwaitableFd::tell_interest() noexcept {
  auto interest = Interest::none;
  if (waits_[reading] != nullptr) interest |= Interest::read;
  if (waits_[writing] != nullptr) interest |= Interest::write;
  return is_active() ? set_interest(interest) : start(number_, interest);
}

std::error_code AwaitableFd::enter(Wait& wait) noexcept {
  auto& place = waits_[wait.direction_];
  if (place != nullptr) return std::make_error_code(std::errc::operation_in_progress);
  place = &wait;
  const auto error = tell_interest();
  if (error) place = nullptr;
  return error;
}

void AwaitableFd::leave(const Wait& wait) noexcept {
  waits_[wait.direction_] = nullptr;
  lose_interest();
}

AwaitableFd::Wait::~Wait() {
  if (is_waiting_ && fd_ != nullptr) fd_->leave(*this);
}

bool AwaitableFd::Wait::begin(TaskRun& run, std::coroutine_handle<> waiting) {
  outcome_ = fd_->enter(*this);
  if (outcome_) return false;
  is_waiting_ = true;
  run_ = &run;
  waiting_ = waiting;
  if (limit_.is_for_ever()) return true;
  timer_.emplace(run.loop(), [this] {
    if (fd_ != nullptr) fd_->leave(*this);
    finish(std::make_error_code(std::errc::timed_out));
  });
  timer_->start_at(limit_.at());
  return true;
}

void AwaitableFd::Wait::finish(std::error_code outcome) {
  is_waiting_ = false;
  outcome_ = outcome;
  if (timer_) timer_->stop();
  run_->resume(waiting_);
}

namespace detail {

SingleWait::~SingleWait() = default;

bool SingleWait::begin(TaskRun& run, std::coroutine_handle<> waiting) {
  fd_.emplace(run.loop(), number_);
  wait_.emplace(*fd_, interest_, limit_);
  return wait_->begin(run, waiting);
}

std::error_code SingleWait::await_resume() noexcept {
  const auto outcome = wait_->await_resume();
  // Not registered any more, also if the awaitable lives on until the end of a long expression.
  wait_.reset();
  fd_.reset();
  return outcome;
}

}  // namespace detail

}  // namespace polymux
