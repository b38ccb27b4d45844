#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <system_error>
#include <vector>

namespace polymux::testing {
/// \addtogroup testing
/// \{

/// How often a fault is injected, of the times that it could be.
class Frequency {
 public:
  /// Never.
  constexpr Frequency() noexcept = default;

  /// At regular intervals.
  ///
  /// \param n  The n-th time, the 2n-th and so on. Zero: never.
  /// \return That frequency.
  [[nodiscard]] static constexpr Frequency every(std::uint32_t n) noexcept {
    Frequency often;
    often.nth_ = n;
    return often;
  }

  /// At random, each time anew.
  ///
  /// \param probability  Zero or less: never; one or more: always.
  /// \return That frequency.
  [[nodiscard]] static constexpr Frequency chance(double probability) noexcept {
    Frequency often;
    often.chance_ = probability;
    return often;
  }

  /// \return True for one that injects nothing.
  [[nodiscard]] constexpr bool is_never() const noexcept { return nth_ == 0 && !(chance_ > 0); }
  /// \return What `every` was given, or zero.
  [[nodiscard]] constexpr std::uint32_t nth() const noexcept { return nth_; }
  /// \return What `chance` was given, or zero.
  [[nodiscard]] constexpr double probability() const noexcept { return chance_; }

 private:
  std::uint32_t nth_ = 0;
  double chance_ = 0;
};

/// Faults that no backend may have: docs/contract.md forbids them. For those who want to know what
/// their program does with a poller that is broken; nobody has to survive these.
struct BeyondContract {
  /// For each event of an edge or oneshot registration: it is never told (against ADD-1, TRIG-1).
  /// One of level cannot be lost, since the next wait tells it again: it is `late`.
  Frequency lost{};
  /// For each wait that may sleep: it ends at once, with nothing (against TIME-1, TIME-6). So does
  /// a system call that a signal interrupts, where nobody tries again.
  Frequency early_return{};
  /// For each wait: it fails with `errc::interrupted` (against TIME-5).
  Frequency interrupted{};
  /// For each wake that a wait would tell: it is not told (against WAKE-5).
  Frequency lost_wake{};
};

/// Which faults a `FaultyPoller` injects, and how often. Empty, it injects none.
///
/// All but `beyond` are within the contract: a program cannot tell them from a busy system, a slow
/// peer or a kernel that has run out of something, and has to survive them on every backend.
/// docs/testing.md says for each what that takes.
struct FaultPlan {
  /// The same seed, plan and calls give the same faults, on every system.
  std::uint64_t seed = 1;

  /// For each wait: a registration is said to be ready that need not be.
  Frequency spurious{};
  /// For each event: it is left out of 1 to `most_late_waits` waits, if it still holds by then. No
  /// wait sleeps through it: one that has nothing else to report ends with it.
  Frequency late{};
  /// Waits that an event may be late by, at most.
  std::uint32_t most_late_waits = 3;
  /// For each wait that reports several events: in any order.
  Frequency reordered{};
  /// For each wait: it reports 1 to `short_batch_room` events, and the next ones the others.
  Frequency short_batch{};
  /// Events that a short batch has at most.
  std::size_t short_batch_room = 2;
  /// For each event with `read_closed`, `hangup` or `error`: it comes without them.
  Frequency hints_dropped{};
  /// For each wait: it ends at once and says that it was woken. A storm of signals whose handlers
  /// call `wake` looks so.
  Frequency empty_wake{};

  /// For each `add`: it fails with one of `add_errors`, and registers nothing.
  Frequency add_fails{};
  /// Out of memory, of epoll watches (epoll_ctl(2), ENOSPC), of descriptors.
  std::vector<std::error_code> add_errors{
      std::make_error_code(std::errc::not_enough_memory),
      std::make_error_code(std::errc::no_space_on_device),
      std::make_error_code(std::errc::too_many_files_open),
  };
  /// For each `modify` of what is registered: it fails with one of `modify_errors`, and changes
  /// nothing.
  Frequency modify_fails{};
  /// Out of memory.
  std::vector<std::error_code> modify_errors{std::make_error_code(std::errc::not_enough_memory)};
  /// For each wait: it fails at once with one of `wait_errors`, and takes neither event nor wake.
  Frequency wait_fails{};
  /// Out of memory.
  std::vector<std::error_code> wait_errors{std::make_error_code(std::errc::not_enough_memory)};

  /// Faults that nobody has to survive; none unless set.
  BeyondContract beyond{};
};

/// All that a program has to survive, except calls that fail: which faults, and how often each, is
/// the seed's choice, so that a few dozen seeds are as many different systems.
///
/// \param seed  Any number; becomes `FaultPlan::seed`.
/// \return The same plan for the same seed, on every system.
[[nodiscard]] FaultPlan mixed_faults(std::uint64_t seed);

/// Whether a program has to survive a plan.
///
/// \param plan  Any plan.
/// \return True if no fault of it is beyond the contract.
[[nodiscard]] bool is_within_contract(const FaultPlan& plan) noexcept;

/// What a `FaultyPoller` has done so far.
struct FaultCounters {
  /// Calls of `wait`, those that failed by injection among them.
  std::uint64_t waits = 0;
  /// Events told, spurious ones among them.
  std::uint64_t events = 0;

  /// Events of registrations that need not be ready.
  std::uint64_t spurious = 0;
  /// Events that were left out of a wait, to be told by a later one.
  std::uint64_t late = 0;
  /// Waits whose events came in another order.
  std::uint64_t reordered = 0;
  /// Waits that filled the room that was left to them.
  std::uint64_t short_batches = 0;
  /// Events that came without their hints.
  std::uint64_t hints_dropped = 0;
  /// Waits that said they were woken when nobody had.
  std::uint64_t empty_wakes = 0;
  /// Calls of `add` that failed by injection.
  std::uint64_t add_failures = 0;
  /// Calls of `modify` that failed by injection.
  std::uint64_t modify_failures = 0;
  /// Calls of `wait` that failed by injection, but for those of `interrupted`.
  std::uint64_t wait_failures = 0;
  /// Events that were never told (`BeyondContract::lost`).
  std::uint64_t lost = 0;
  /// Waits that ended too early, with nothing (`BeyondContract::early_return`).
  std::uint64_t early_returns = 0;
  /// Waits that failed with `errc::interrupted` (`BeyondContract::interrupted`).
  std::uint64_t interrupted = 0;
  /// Wakes that were not told (`BeyondContract::lost_wake`).
  std::uint64_t lost_wakes = 0;

  /// \return The sum of all faults: of everything here but `waits` and `events`.
  [[nodiscard]] std::uint64_t injected() const noexcept;

  /// \return True if every number is equal.
  friend bool operator==(const FaultCounters&, const FaultCounters&) = default;
};

/// For messages.
///
/// \param counters  What has been injected.
/// \return Such as `3 spurious, 1 late in 20 waits`. Throws `std::bad_alloc`.
[[nodiscard]] std::string to_string(const FaultCounters& counters);

/// \}
}  // namespace polymux::testing
