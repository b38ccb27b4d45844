#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <polymux/poller/poller.hpp>
#include <polymux/testing/fault_plan.hpp>

namespace polymux::testing {

/// A poller that injects faults into another, to test programs: give it to them in place of the one
/// that it wraps.
///
///     auto opened = polymux::open_poller();
///     auto poller = std::make_unique<FaultyPoller>(std::move(opened.poller), mixed_faults(seed));
///     const FaultyPoller& faults = *poller;   // for the message of a test that fails
///     polymux::EventLoop loop(std::move(poller));
///
/// With an empty plan it keeps the whole contract of `Poller`, and with a plan within the contract
/// all of it that a program can rely on; see docs/testing.md.
///
/// \par Threads  As `Poller`: one at a time, and `wake` from anywhere.
class FaultyPoller final : public Poller {
 public:
  /// Takes the poller to wrap, which must not be null and must have no registrations. Throws
  /// `std::bad_alloc`.
  FaultyPoller(std::unique_ptr<Poller> inner, FaultPlan plan);
  ~FaultyPoller() override;

  /// As `Poller::add`; or an injected error, which comes before any other.
  [[nodiscard]] std::error_code add(int fd, Token token, Interest interest,
                                    Trigger trigger) noexcept override;
  /// As `Poller::modify`; or, for what is registered, an injected error.
  [[nodiscard]] std::error_code modify(int fd, Token token, Interest interest,
                                       Trigger trigger) noexcept override;
  /// As `Poller::remove`. It never fails by injection, for it cannot fail otherwise.
  [[nodiscard]] std::error_code remove(int fd) noexcept override;
  /// As `Poller::wait`, with the faults of the plan.
  [[nodiscard]] WaitResult wait(std::span<Event> out, Timeout timeout) noexcept override;
  void wake() noexcept override;
  [[nodiscard]] const Capabilities& capabilities() const noexcept override;
  [[nodiscard]] std::optional<int> pollable_handle() noexcept override;

  /// Injects by another plan from now on, and begins anew with its seed. An empty plan ends all
  /// faults. The counters go on.
  void set_plan(FaultPlan plan);

  /// To be printed when a test fails: with the same plan it fails again.
  [[nodiscard]] std::uint64_t seed() const noexcept;
  [[nodiscard]] const FaultCounters& counters() const noexcept;
  /// `seed 42: 3 spurious, 1 late in 20 waits`.
  [[nodiscard]] std::string report() const;

 private:
  class Impl;

  std::unique_ptr<Impl> impl_;
};

}  // namespace polymux::testing
