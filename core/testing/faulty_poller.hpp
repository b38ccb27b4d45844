#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <polymux/poller/poller.hpp>
#include <polymux/testing/fault_plan.hpp>

namespace polymux::testing {
/// \addtogroup testing
/// \{

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
  /// Injects from the first call on. Throws `std::bad_alloc`.
  ///
  /// \param inner  The poller to wrap, which must not be null and must have no registrations.
  /// \param plan   Which faults, and how often.
  FaultyPoller(std::unique_ptr<Poller> inner, FaultPlan plan);
  /// Destroys the poller that it wraps, too.
  ~FaultyPoller() override;

  /// As `Poller::add`; or an injected error, which comes before any other.
  ///
  /// \copydetails Poller::add
  [[nodiscard]] std::error_code add(int fd, Token token, Interest interest,
                                    Trigger trigger) noexcept override;
  /// As `Poller::modify`; or, for what is registered, an injected error.
  ///
  /// \copydetails Poller::modify
  [[nodiscard]] std::error_code modify(int fd, Token token, Interest interest,
                                       Trigger trigger) noexcept override;
  /// As `Poller::remove`. It never fails by injection, for it cannot fail otherwise.
  ///
  /// \copydetails Poller::remove
  [[nodiscard]] std::error_code remove(int fd) noexcept override;
  /// As `Poller::wait`, with the faults of the plan.
  ///
  /// \copydetails Poller::wait
  [[nodiscard]] WaitResult wait(std::span<Event> out, Timeout timeout) noexcept override;
  void wake() noexcept override;
  [[nodiscard]] const Capabilities& capabilities() const noexcept override;
  [[nodiscard]] std::optional<int> pollable_handle() noexcept override;

  /// Injects by another plan from now on, and begins anew with its seed. An empty plan ends all
  /// faults. The counters go on.
  ///
  /// \param plan  Which faults, and how often.
  void set_plan(FaultPlan plan);

  /// To be printed when a test fails: with the same plan it fails again.
  ///
  /// \return The seed of the plan.
  [[nodiscard]] std::uint64_t seed() const noexcept;
  /// \return What has been injected so far.
  [[nodiscard]] const FaultCounters& counters() const noexcept;
  /// For the message of a test that fails.
  ///
  /// \return Such as `seed 42: 3 spurious, 1 late in 20 waits`. Throws `std::bad_alloc`.
  [[nodiscard]] std::string report() const;

 private:
  class Impl;

  std::unique_ptr<Impl> impl_;
};

/// \}
}  // namespace polymux::testing
