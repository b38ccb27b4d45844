// Faults of capabilities: claimed and not kept, denied and there, changing; and of the handle.

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "tests/conformance/broken/broken_poller.hpp"
#include "tests/conformance/broken/tracking_poller.hpp"

namespace polymux::test {
namespace {

void deny_hints(Capabilities& capabilities) {
  capabilities.hangup = false;
  capabilities.error = false;
}

void deny_priority(Capabilities& capabilities) {
  capabilities.priority = false;
}

void deny_the_handle(Capabilities& capabilities) {
  capabilities.pollable_handle = false;
}

void claim_no_step(Capabilities& capabilities) {
  capabilities.timeout_step = std::chrono::nanoseconds(0);
}

void claim_by_turns(Capabilities& capabilities) {
  static int turn = 0;
  capabilities.hangup = ++turn % 2 == 0;
}

class CapabilitiesChange final : public ForwardingPoller {
 public:
  explicit CapabilitiesChange(std::unique_ptr<Poller> inner)
      : ForwardingPoller(std::move(inner)), capabilities_(ForwardingPoller::capabilities()) {}
  std::error_code add(int fd, Token token, Interest interest, Trigger trigger) noexcept override {
    capabilities_.greatest_fd = 1 << 20;
    return ForwardingPoller::add(fd, token, interest, trigger);
  }
  const Capabilities& capabilities() const noexcept override { return capabilities_; }

 private:
  Capabilities capabilities_;
};

class CapabilitiesMove final : public ForwardingPoller {
 public:
  explicit CapabilitiesMove(std::unique_ptr<Poller> inner)
      : ForwardingPoller(std::move(inner)), copies_(64, ForwardingPoller::capabilities()) {}
  const Capabilities& capabilities() const noexcept override {
    return copies_.at(turn_++ % copies_.size());
  }

 private:
  std::vector<Capabilities> copies_;
  mutable std::size_t turn_ = 0;
};

class HandleThoughAbsent final : public ForwardingPoller {
 public:
  using ForwardingPoller::ForwardingPoller;
  std::optional<int> pollable_handle() noexcept override { return -1; }
};

/// Rouses a waiter alone: what is cheap for it does not show on the handle.
class HandleShowsNoWake final : public ForwardingPoller {
 public:
  using ForwardingPoller::ForwardingPoller;
  void wake() noexcept override {
    is_asked_ = true;
    if (is_waiting_) ForwardingPoller::wake();
  }
  WaitResult wait(std::span<Event> out, Timeout timeout) noexcept override {
    is_waiting_ = true;
    auto result =
        ForwardingPoller::wait(out, is_asked_ ? Timeout{std::chrono::nanoseconds(0)} : timeout);
    is_waiting_ = false;
    result.woken = is_asked_.exchange(false);
    return result;
  }

 private:
  std::atomic<bool> is_asked_{false};
  std::atomic<bool> is_waiting_{false};
};

/// A wake that came before the handle was asked for is not made up for.
class HandleShowsNoEarlierWake final : public ForwardingPoller {
 public:
  using ForwardingPoller::ForwardingPoller;
  void wake() noexcept override {
    if (has_handle_) {
      ForwardingPoller::wake();
    } else {
      is_asked_ = true;
    }
  }
  WaitResult wait(std::span<Event> out, Timeout timeout) noexcept override {
    auto result =
        ForwardingPoller::wait(out, is_asked_ ? Timeout{std::chrono::nanoseconds(0)} : timeout);
    if (is_asked_.exchange(false)) result.woken = true;
    return result;
  }
  std::optional<int> pollable_handle() noexcept override {
    has_handle_ = true;
    return ForwardingPoller::pollable_handle();
  }

 private:
  std::atomic<bool> is_asked_{false};
  bool has_handle_ = false;
};

/// Gives a descriptor of its own for the handle.
class HasAHandleOfItsOwn : public ForwardingPoller {
 public:
  explicit HasAHandleOfItsOwn(std::unique_ptr<Poller> inner) : ForwardingPoller(std::move(inner)) {
    if (::pipe(ends_.data()) != 0) ends_ = {-1, -1};
  }
  HasAHandleOfItsOwn(const HasAHandleOfItsOwn&) = delete;
  HasAHandleOfItsOwn& operator=(const HasAHandleOfItsOwn&) = delete;
  ~HasAHandleOfItsOwn() override {
    for (const int end : ends_) ::close(end);
  }
  std::optional<int> pollable_handle() noexcept override { return ends_[0]; }

 protected:
  void make_readable() { static_cast<void>(::write(ends_[1], "x", 1) == 1); }

 private:
  std::array<int, 2> ends_{};
};

class HandleShowsNothing final : public HasAHandleOfItsOwn {
 public:
  using HasAHandleOfItsOwn::HasAHandleOfItsOwn;
};

class HandleIsAlwaysReadable final : public HasAHandleOfItsOwn {
 public:
  explicit HandleIsAlwaysReadable(std::unique_ptr<Poller> inner)
      : HasAHandleOfItsOwn(std::move(inner)) {
    make_readable();
  }
};

class HandleChanges final : public ForwardingPoller {
 public:
  using ForwardingPoller::ForwardingPoller;
  HandleChanges(const HandleChanges&) = delete;
  HandleChanges& operator=(const HandleChanges&) = delete;
  ~HandleChanges() override {
    for (const int copy : copies_) ::close(copy);
  }
  std::optional<int> pollable_handle() noexcept override {
    const auto handle = ForwardingPoller::pollable_handle();
    auto& copy = copies_.at(turn_++ % copies_.size());
    if (handle) copy = ::fcntl(*handle, F_DUPFD_CLOEXEC, 0);
    return copy;
  }

 private:
  std::array<int, 4> copies_{-1, -1, -1, -1};
  std::size_t turn_ = 0;
};

/// What is of no type that a file has: sets of epoll. A kqueue says that it is a FIFO, with no
/// access mode that one can have.
bool is_handle(int fd) {
  const auto type = type_of(fd);
  const bool is_file = type == S_IFSOCK || type == S_IFCHR || type == S_IFREG || type == S_IFDIR;
  return is_open_number(fd) && !is_file && (type != S_IFIFO || file_of(fd) == 0);
}

class RefusesHandles final : public ForwardingPoller {
 public:
  using ForwardingPoller::ForwardingPoller;
  std::error_code add(int fd, Token token, Interest interest, Trigger trigger) noexcept override {
    if (is_handle(fd)) return std::make_error_code(std::errc::too_many_symbolic_link_levels);
    return ForwardingPoller::add(fd, token, interest, trigger);
  }
};

class HandlesAreReadyAtOnce final : public EditingPoller {
 public:
  using EditingPoller::EditingPoller;

 private:
  std::size_t append(std::span<Event> out, std::size_t count) override {
    return append_each(out, count, [](int fd, Tracked& entry) {
      return is_handle(fd) && entry.mark++ == 0 ? Ready::readable : Ready::none;
    });
  }
};

void claim_to_cost_what_is_ready(Capabilities& capabilities) {
  capabilities.wait_cost = WaitCost::ready;
}

class CostsWhatTheGreatestNumberCosts final : public TrackingPoller {
 public:
  using TrackingPoller::TrackingPoller;
  std::error_code add(int fd, Token token, Interest interest, Trigger trigger) noexcept override {
    greatest_ = std::max(greatest_, fd);
    return TrackingPoller::add(fd, token, interest, trigger);
  }
  WaitResult wait(std::span<Event> out, Timeout timeout) noexcept override {
    for (int fd = 0; fd < greatest_; ++fd) static_cast<void>(is_open_number(fd));
    return TrackingPoller::wait(out, timeout);
  }

 private:
  int greatest_ = 0;
};

class WaitsForItself final : public ForwardingPoller {
 public:
  using ForwardingPoller::ForwardingPoller;
  std::error_code add(int fd, Token token, Interest interest, Trigger trigger) noexcept override {
    if (fd >= 0 && fd == pollable_handle()) return {};
    return ForwardingPoller::add(fd, token, interest, trigger);
  }
};

}  // namespace

void add_capability_faults(BrokenPollers& all) {
  using enum Base;
  all.insert(
      all.end(),
      {
          broken<LiesAboutItself<deny_hints>>(
              "denies_its_hints", best, "programs that need what only their machine tells",
              {{"Ready15HintsComeOnlyWhereTheyArePromised", "ready & promised"}}),
          broken<LiesAboutItself<deny_priority>>(
              "denies_priority", best, "a capability that nobody enforces; libuv/libuv#2934",
              {"Prio3PriorityWhereAbsentIsRefused",
               "Mod5RefusedModifyLeavesTheRegistrationAsItWas"}),
          broken<LiesAboutItself<deny_the_handle>>("denies_its_handle", handle,
                                                   "a capability that nobody enforces",
                                                   {"Cap2HandleWhereAbsentIsEmpty"}),
          broken<LiesAboutItself<claim_no_step>>("has_no_step", best,
                                                 "a capability that is left at zero",
                                                 {{"Time2FractionIsRoundedUpNeverDown", "step"}}),
          broken<LiesAboutItself<claim_by_turns>>("capabilities_differ", best,
                                                  "a kernel that is asked anew for each",
                                                  {{"Cap1CapabilitiesStayTheSame", "hangup"}}),
          broken<CapabilitiesChange>("capabilities_change", plain,
                                     "a limit that is found by the way",
                                     {{"Cap1CapabilitiesStayTheSame", "greatest_fd"}}),
          broken<CapabilitiesMove>("capabilities_move", plain, "a reference to what is made anew",
                                   {{"Cap1CapabilitiesStayTheSame", "address"}}),
          broken<HandleThoughAbsent>("handle_though_absent", plain, "-1 as a number",
                                     {"Cap2HandleWhereAbsentIsEmpty"}),
          broken<HandleShowsNoWake>(
              "handle_shows_no_wake", handle, "wakes for sleepers only; libuv/libuv#3099",
              {{"Cap3HandleIsReadableAfterAWake", "becomes_readable"},
               {"Cap3WakeBeforeTheHandleWasAskedForShowsOnIt", "is_readable"}}),
          broken<HandleShowsNoEarlierWake>(
              "handle_shows_no_earlier_wake", handle,
              "a handle that begins to count when it is made",
              {{"Cap3WakeBeforeTheHandleWasAskedForShowsOnIt", "is_readable"}}),
          broken<HandleShowsNothing>("handle_shows_nothing", handle,
                                     "a descriptor that is not the set's",
                                     {{"Cap3HandleIsReadableWhileAnEventWaits", "becomes_readable"},
                                      {"Cap3HandleIsReadableAfterAWake", "becomes_readable"},
                                      {"Cap3HandleFollowsEachChangeAtOnce", "add of what is ready"},
                                      {"Cap3HandleStaysWithWhoWaitsForIt", "no readable"}}),
          broken<HandleIsAlwaysReadable>(
              "handle_is_always_readable", handle, "a nested kqueue on macOS; libuv/libuv#883",
              {{"Cap3HandleIsReadableWhileAnEventWaits", "is_readable"}}),
          broken<HandleChanges>("handle_changes", handle,
                                "a set that is made anew under another number",
                                {{"Cap3HandleIsReadableWhileAnEventWaits", "pollable_handle()"}}),
          broken<RefusesHandles>("refuses_handles", plain, "ELOOP of epoll_ctl(2)",
                                 {"Cap4HandleOfAnotherPollerCanBeWaitedFor"}),
          broken<HandlesAreReadyAtOnce>(
              "handles_are_ready_at_once", handle, "libuv/libuv#883",
              {{"Cap4HandleOfAnotherPollerCanBeWaitedFor", "silence was expected"}}),
          broken<LiesAboutItself<claim_to_cost_what_is_ready>>(
              "claims_to_cost_what_is_ready", plain, "an array that is copied for each wait",
              {{"Cap5WaitCostsNoMoreThanSaid", "number of registrations"}}),
          broken<CostsWhatTheGreatestNumberCosts>(
              "costs_what_the_greatest_number_costs", best,
              "a set of bits that is copied for each wait",
              {{"Cap5WaitCostsNoMoreThanSaid", "greatest number"}}),
          broken<WaitsForItself>("waits_for_itself", handle, "kqueue_kqfilter of old NetBSD",
                                 {"Cap6PollerDoesNotWaitForItself"}),
      });
}

}  // namespace polymux::test
