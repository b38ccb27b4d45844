#include <polymux/testing/faulty_poller.hpp>

#include <cassert>
#include <new>
#include <utility>

#include "core/poller/deadline.hpp"
#include "core/testing/random.hpp"
#include "core/testing/watch_table.hpp"

namespace polymux::testing {
namespace {

constexpr Ready hints = Ready::read_closed | Ready::hangup | Ready::error;

Ready without(Ready ready, Ready flags) noexcept {
  return static_cast<Ready>(static_cast<unsigned>(ready) & ~static_cast<unsigned>(flags));
}

// The wrapped poller knows a registration by its number, for tokens may be equal.
Token inner_token(int fd) noexcept {
  return Token{static_cast<std::uint64_t>(fd)};
}

int fd_of(const Event& event) noexcept {
  return static_cast<int>(event.token);
}

// Arms a registration as it is armed already: the next wait tells what holds by then. False for a
// descriptor that is closed or another's by now.
bool arm_again(Poller& poller, const Watch& watch) noexcept {
  return !poller.modify(watch.fd, inner_token(watch.fd), watch.interest, watch.trigger);
}

// Leaves an event to a later wait: one of level comes by itself.
bool take_back(Poller& poller, const Watch& watch) noexcept {
  return watch.trigger == Trigger::level || arm_again(poller, watch);
}

/// A plan at work: what it is asked for, it decides.
struct Dice {
  explicit Dice(const FaultPlan& plan) noexcept
      : random(plan.seed),
        spurious(plan.spurious),
        late(plan.late),
        reordered(plan.reordered),
        short_batch(plan.short_batch),
        hints_dropped(plan.hints_dropped),
        empty_wake(plan.empty_wake),
        add_fails(plan.add_fails),
        modify_fails(plan.modify_fails),
        wait_fails(plan.wait_fails),
        lost(plan.beyond.lost),
        early_return(plan.beyond.early_return),
        interrupted(plan.beyond.interrupted),
        lost_wake(plan.beyond.lost_wake) {}

  Random random;
  Die spurious;
  Die late;
  Die reordered;
  Die short_batch;
  Die hints_dropped;
  Die empty_wake;
  Die add_fails;
  Die modify_fails;
  Die wait_fails;
  Die lost;
  Die early_return;
  Die interrupted;
  Die lost_wake;
};

}  // namespace

class FaultyPoller::Impl {
 public:
  Impl(std::unique_ptr<Poller> wrapped, FaultPlan wanted)
      : inner(std::move(wrapped)), plan(std::move(wanted)), dice_(plan) {
    assert(inner != nullptr);
  }

  [[nodiscard]] std::error_code add(int fd, Token token, Interest interest, Trigger trigger);
  [[nodiscard]] std::error_code modify(int fd, Token token, Interest interest, Trigger trigger);
  [[nodiscard]] std::error_code remove(int fd) noexcept;
  [[nodiscard]] WaitResult wait(std::span<Event> out, Timeout timeout) noexcept;
  void set_plan(FaultPlan wanted) noexcept;

  // These come first and are set by their names: the interface forwards to them.
  std::unique_ptr<Poller> inner;
  FaultPlan plan;
  FaultCounters counters;

 private:
  /// Counts a fault if it is due.
  [[nodiscard]] bool strikes(Die& die, std::uint64_t& counter) noexcept;
  [[nodiscard]] std::error_code failure(Die& die, const std::vector<std::error_code>& errors,
                                        std::uint64_t& counter) noexcept;

  [[nodiscard]] std::size_t room_for(std::size_t wanted) noexcept;
  [[nodiscard]] WaitResult wait_until(std::span<Event> out, const Deadline& deadline) noexcept;
  /// Keeps of the events those that are told, from the start, and returns how many.
  [[nodiscard]] std::size_t sift(std::span<Event> events) noexcept;
  [[nodiscard]] bool is_withheld(Watch& watch) noexcept;

  /// An event of somebody who need not be ready; without flags if there is none.
  [[nodiscard]] Event false_alarm() noexcept;
  [[nodiscard]] Ready some_direction(Interest interest) noexcept;
  [[nodiscard]] std::size_t raise(const Event& alarm, std::span<Event> out,
                                  std::size_t count) noexcept;
  void shuffle(std::span<Event> events) noexcept;
  /// The last step: from numbers to the caller's tokens.
  void hand_over(std::span<Event> events) noexcept;

  WatchTable table_;
  Dice dice_;
};

bool FaultyPoller::Impl::strikes(Die& die, std::uint64_t& counter) noexcept {
  if (!die.roll(dice_.random)) return false;
  ++counter;
  return true;
}

std::error_code FaultyPoller::Impl::failure(Die& die, const std::vector<std::error_code>& errors,
                                            std::uint64_t& counter) noexcept {
  if (errors.empty() || !strikes(die, counter)) return {};
  return errors[dice_.random.below(errors.size())];
}

std::error_code FaultyPoller::Impl::add(int fd, Token token, Interest interest, Trigger trigger) {
  if (const auto error = failure(dice_.add_fails, plan.add_errors, counters.add_failures)) {
    return error;
  }
  // What may fail must fail before the wrapped poller knows the registration.
  table_.reserve_one();
  if (const auto error = inner->add(fd, inner_token(fd), interest, trigger)) return error;
  table_.put({.fd = fd, .token = token, .interest = interest, .trigger = trigger});
  return {};
}

std::error_code FaultyPoller::Impl::modify(int fd, Token token, Interest interest,
                                           Trigger trigger) {
  Watch* const watch = table_.find(fd);
  if (watch != nullptr) {
    const auto error = failure(dice_.modify_fails, plan.modify_errors, counters.modify_failures);
    if (error) return error;
  }
  if (const auto error = inner->modify(fd, inner_token(fd), interest, trigger)) return error;
  if (watch != nullptr) {
    *watch = {.fd = fd, .token = token, .interest = interest, .trigger = trigger};
  }
  return {};
}

std::error_code FaultyPoller::Impl::remove(int fd) noexcept {
  const auto error = inner->remove(fd);
  if (!error) table_.erase(fd);
  return error;
}

WaitResult FaultyPoller::Impl::wait(std::span<Event> out, Timeout timeout) noexcept {
  if (out.empty()) return inner->wait(out, timeout);
  ++counters.waits;
  if (const auto error = failure(dice_.wait_fails, plan.wait_errors, counters.wait_failures)) {
    return {.error = error};
  }
  if (strikes(dice_.interrupted, counters.interrupted)) {
    return {.error = std::make_error_code(std::errc::interrupted)};
  }
  const bool may_sleep = !timeout || *timeout > timeout->zero();
  if (may_sleep && strikes(dice_.early_return, counters.early_returns)) return {};

  const bool is_woken = strikes(dice_.empty_wake, counters.empty_wakes);
  const Event alarm = false_alarm();
  const bool is_hurried = is_woken || alarm.ready != Ready::none;
  const Deadline deadline(is_hurried ? Timeout{std::chrono::nanoseconds::zero()} : timeout);
  const auto room = room_for(out.size());
  auto result = wait_until(out.first(room), deadline);
  if (result.error) return result;

  if (room < out.size() && result.count == room) ++counters.short_batches;
  result.count = raise(alarm, out, result.count);
  result.woken = result.woken || is_woken;
  const auto told = out.first(result.count);
  if (told.size() > 1 && strikes(dice_.reordered, counters.reordered)) shuffle(told);
  hand_over(told);
  return result;
}

// A smaller buffer, so that what does not fit keeps its turn (FAIR-1).
std::size_t FaultyPoller::Impl::room_for(std::size_t wanted) noexcept {
  if (!dice_.short_batch.roll(dice_.random) || plan.short_batch_room == 0) return wanted;
  return std::min(wanted, 1 + dice_.random.below(plan.short_batch_room));
}

WaitResult FaultyPoller::Impl::wait_until(std::span<Event> out, const Deadline& deadline) noexcept {
  for (;;) {
    auto result = inner->wait(out, deadline.remaining());
    if (result.error) return result;
    result.count = sift(out.first(result.count));
    if (result.woken && strikes(dice_.lost_wake, counters.lost_wakes)) result.woken = false;
    if (result.count > 0 || result.woken || deadline.has_passed()) return result;
  }
}

std::size_t FaultyPoller::Impl::sift(std::span<Event> events) noexcept {
  std::size_t kept = 0;
  for (const auto& event : events) {
    Watch* const watch = table_.find(fd_of(event));
    if (watch == nullptr || watch->is_silent) continue;
    // It is said once, and of the caller's own mistake.
    const bool is_invalid = contains(event.ready, Ready::invalid);
    if (is_invalid || !is_withheld(*watch)) events[kept++] = event;
  }
  return kept;
}

bool FaultyPoller::Impl::is_withheld(Watch& watch) noexcept {
  const bool is_told_once = watch.trigger != Trigger::level;
  if (watch.misses) {
    if (*watch.misses > 0 && take_back(*inner, watch)) {
      --*watch.misses;
      return true;
    }
    watch.misses.reset();
    return false;
  }
  if (is_told_once && strikes(dice_.lost, counters.lost)) {
    watch.is_silent = watch.trigger == Trigger::oneshot;
    return true;
  }
  if (plan.most_late_waits == 0 || !dice_.late.roll(dice_.random) || !take_back(*inner, watch)) {
    return false;
  }
  ++counters.late;
  watch.misses = dice_.random.below(plan.most_late_waits);
  return true;
}

Event FaultyPoller::Impl::false_alarm() noexcept {
  const auto all = table_.all();
  if (all.empty() || !dice_.spurious.roll(dice_.random)) return {};
  const auto start = dice_.random.below(all.size());
  for (std::size_t step = 0; step < all.size(); ++step) {
    const auto& watch = all[(start + step) % all.size()];
    const auto ready = watch.is_silent ? Ready::none : some_direction(watch.interest);
    if (ready == Ready::none) continue;
    // Nobody may be said to be ready who was closed (CLOSE-1).
    if (!arm_again(*inner, watch)) return {};
    return {.token = inner_token(watch.fd), .ready = ready};
  }
  return {};
}

Ready FaultyPoller::Impl::some_direction(Interest interest) noexcept {
  const bool reads = contains(interest, Interest::read);
  const bool writes = contains(interest, Interest::write);
  if (!reads && !writes) return Ready::none;
  const auto choice = reads && writes ? dice_.random.below(3) : (reads ? 0U : 1U);
  if (choice == 0) return Ready::readable;
  return choice == 1 ? Ready::writable : Ready::readable | Ready::writable;
}

// One event for each registration (WAIT-4): an alarm joins the event that is there.
std::size_t FaultyPoller::Impl::raise(const Event& alarm, std::span<Event> out,
                                      std::size_t count) noexcept {
  if (alarm.ready == Ready::none) return count;
  for (auto& event : out.first(count)) {
    if (event.token != alarm.token) continue;
    const auto all = event.ready | alarm.ready;
    // One that was closed says so and nothing else.
    if (all == event.ready || contains(event.ready, Ready::invalid)) return count;
    event.ready = all;
    ++counters.spurious;
    return count;
  }
  if (count == out.size()) return count;
  out[count] = alarm;
  ++counters.spurious;
  return count + 1;
}

void FaultyPoller::Impl::shuffle(std::span<Event> events) noexcept {
  for (std::size_t left = events.size(); left > 1; --left) {
    std::swap(events[left - 1], events[dice_.random.below(left)]);
  }
}

void FaultyPoller::Impl::hand_over(std::span<Event> events) noexcept {
  counters.events += events.size();
  for (auto& event : events) {
    Watch* const watch = table_.find(fd_of(event));
    // Never so: what nobody has registered was sifted out.
    if (watch == nullptr) continue;
    event.token = watch->token;
    watch->is_silent = watch->trigger == Trigger::oneshot;
    const auto plain = without(event.ready, hints);
    if (plain != event.ready && strikes(dice_.hints_dropped, counters.hints_dropped)) {
      event.ready = plain;
    }
  }
}

void FaultyPoller::Impl::set_plan(FaultPlan wanted) noexcept {
  plan = std::move(wanted);
  dice_ = Dice(plan);
  for (auto& watch : table_.all()) watch.misses.reset();
}

FaultyPoller::FaultyPoller(std::unique_ptr<Poller> inner, FaultPlan plan)
    : impl_(std::make_unique<Impl>(std::move(inner), std::move(plan))) {}

FaultyPoller::~FaultyPoller() = default;

std::error_code FaultyPoller::add(int fd, Token token, Interest interest,
                                  Trigger trigger) noexcept {
  try {
    return impl_->add(fd, token, interest, trigger);
  } catch (const std::bad_alloc&) {
    return std::make_error_code(std::errc::not_enough_memory);
  }
}

std::error_code FaultyPoller::modify(int fd, Token token, Interest interest,
                                     Trigger trigger) noexcept {
  return impl_->modify(fd, token, interest, trigger);
}

std::error_code FaultyPoller::remove(int fd) noexcept {
  return impl_->remove(fd);
}

WaitResult FaultyPoller::wait(std::span<Event> out, Timeout timeout) noexcept {
  return impl_->wait(out, timeout);
}

void FaultyPoller::wake() noexcept {
  impl_->inner->wake();
}

const Capabilities& FaultyPoller::capabilities() const noexcept {
  return impl_->inner->capabilities();
}

std::optional<int> FaultyPoller::pollable_handle() noexcept {
  return impl_->inner->pollable_handle();
}

void FaultyPoller::set_plan(FaultPlan plan) {
  impl_->set_plan(std::move(plan));
}

std::uint64_t FaultyPoller::seed() const noexcept {
  return impl_->plan.seed;
}

const FaultCounters& FaultyPoller::counters() const noexcept {
  return impl_->counters;
}

std::string FaultyPoller::report() const {
  return "seed " + std::to_string(seed()) + ": " + to_string(counters());
}

}  // namespace polymux::testing
