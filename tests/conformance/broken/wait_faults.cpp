// Faults of what a wait returns, and at what cost.

#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <system_error>
#include <thread>
#include <vector>

#include <polymux/poller/error.hpp>

#include "tests/conformance/broken/broken_poller.hpp"
#include "tests/conformance/broken/tracking_poller.hpp"
#include "tests/support/clocks.hpp"

namespace polymux::test {
namespace {

using namespace std::chrono_literals;

class ClearsTheRest final : public ForwardingPoller {
 public:
  using ForwardingPoller::ForwardingPoller;
  WaitResult wait(std::span<Event> out, Timeout timeout) noexcept override {
    const auto result = ForwardingPoller::wait(out, timeout);
    std::ranges::fill(out.subspan(result.count), Event{});
    return result;
  }
};

class OverrunsTheBuffer final : public ForwardingPoller {
 public:
  using ForwardingPoller::ForwardingPoller;
  WaitResult wait(std::span<Event> out, Timeout timeout) noexcept override {
    std::array<Event, 64> found{};
    auto result = ForwardingPoller::wait(found, timeout);
    // Past its end: the tests that this is for have room there.
    std::copy_n(found.begin(), result.count, out.data());
    result.count = std::min(result.count, out.size());
    return result;
  }
};

class WritesFromTheEnd final : public ForwardingPoller {
 public:
  using ForwardingPoller::ForwardingPoller;
  WaitResult wait(std::span<Event> out, Timeout timeout) noexcept override {
    const auto result = ForwardingPoller::wait(out, timeout);
    std::ranges::copy_backward(out.first(result.count), out.end());
    std::ranges::fill(out.first(out.size() - result.count), Event{});
    return result;
  }
};

class EmptyBufferIsNoError final : public ForwardingPoller {
 public:
  using ForwardingPoller::ForwardingPoller;
  WaitResult wait(std::span<Event> out, Timeout timeout) noexcept override {
    return out.empty() ? WaitResult{} : ForwardingPoller::wait(out, timeout);
  }
};

class EmptyBufferConsumes final : public ForwardingPoller {
 public:
  using ForwardingPoller::ForwardingPoller;
  WaitResult wait(std::span<Event> out, Timeout timeout) noexcept override {
    if (!out.empty()) return ForwardingPoller::wait(out, timeout);
    std::array<Event, 8> consumed{};
    static_cast<void>(ForwardingPoller::wait(consumed, 0ns));
    return {.error = Errc::invalid_argument};
  }
};

class ZeroIsAMillisecond final : public ForwardingPoller {
 public:
  using ForwardingPoller::ForwardingPoller;
  WaitResult wait(std::span<Event> out, Timeout timeout) noexcept override {
    return ForwardingPoller::wait(
        out, timeout ? std::max<std::chrono::nanoseconds>(*timeout, 1ms) : timeout);
  }
};

class ZeroDoesNotLook final : public ForwardingPoller {
 public:
  using ForwardingPoller::ForwardingPoller;
  WaitResult wait(std::span<Event> out, Timeout timeout) noexcept override {
    if (timeout && *timeout <= 0ns) return {};
    return ForwardingPoller::wait(out, timeout);
  }
};

class OneEventForEachDirection final : public EditingPoller {
 public:
  using EditingPoller::EditingPoller;

 private:
  std::size_t append(std::span<Event> out, std::size_t count) override {
    for (std::size_t index = 0, found = count; index < found && count < out.size(); ++index) {
      if (!contains(out[index].ready, Ready::readable | Ready::writable)) continue;
      out[count++] = {out[index].token, out[index].ready & Ready::writable};
      out[index].ready = out[index].ready & Ready::readable;
    }
    return count;
  }
};

class ReportsTwice final : public EditingPoller {
 public:
  using EditingPoller::EditingPoller;

 private:
  std::size_t append(std::span<Event> out, std::size_t count) override {
    if (count == 0 || count == out.size()) return count;
    out[count] = out[0];
    return count + 1;
  }
};

class LevelIsToldOnce final : public TrackingPoller {
 public:
  using TrackingPoller::TrackingPoller;
  std::error_code add(int fd, Token token, Interest interest, Trigger trigger) noexcept override {
    const bool is_level = trigger == Trigger::level;
    return TrackingPoller::add(fd, token, interest, is_level ? Trigger::edge : trigger);
  }
};

class LevelOutlastsItsCondition final : public EditingPoller {
 public:
  using EditingPoller::EditingPoller;

 private:
  std::size_t append(std::span<Event> out, std::size_t count) override {
    if (count == 0 && last_) {
      out[count++] = *last_;
      last_.reset();
    } else if (count > 0) {
      last_ = out[0];
    }
    return count;
  }
  std::optional<Event> last_;
};

class EndsWithNothingRegistered final : public TrackingPoller {
 public:
  using TrackingPoller::TrackingPoller;
  WaitResult wait(std::span<Event> out, Timeout timeout) noexcept override {
    bool is_empty = true;
    for_each([&](int, const Tracked&) { is_empty = false; });
    return TrackingPoller::wait(out, is_empty ? Timeout{0ns} : timeout);
  }
};

class LooksAndThenSleeps final : public ForwardingPoller {
 public:
  using ForwardingPoller::ForwardingPoller;
  WaitResult wait(std::span<Event> out, Timeout timeout) noexcept override {
    const auto result = ForwardingPoller::wait(out, 0ns);
    const std::chrono::nanoseconds longest = bound() + 100ms;
    const auto left = std::min(timeout.value_or(longest), longest);
    if (result != WaitResult{} || left <= 0ns) return result;
    nap(left);
    return ForwardingPoller::wait(out, 0ns);
  }
};

/// What a compiler cannot see through.
void allocate() {
  const std::unique_ptr<volatile int> memory(new volatile int(0));
  *memory = 1;
}

class AllocatesInWait final : public ForwardingPoller {
 public:
  using ForwardingPoller::ForwardingPoller;
  WaitResult wait(std::span<Event> out, Timeout timeout) noexcept override {
    allocate();
    return ForwardingPoller::wait(out, timeout);
  }
};

class AllocatesInModify final : public ForwardingPoller {
 public:
  using ForwardingPoller::ForwardingPoller;
  std::error_code modify(int fd, Token token, Interest interest,
                         Trigger trigger) noexcept override {
    allocate();
    return ForwardingPoller::modify(fd, token, interest, trigger);
  }
};

class AllocatesInWake final : public ForwardingPoller {
 public:
  using ForwardingPoller::ForwardingPoller;
  void wake() noexcept override {
    allocate();
    ForwardingPoller::wake();
  }
};

class BelongsToItsThread final : public ForwardingPoller {
 public:
  using ForwardingPoller::ForwardingPoller;
  WaitResult wait(std::span<Event> out, Timeout timeout) noexcept override {
    if (std::this_thread::get_id() != owner_) {
      return {.error = std::make_error_code(std::errc::file_exists)};
    }
    return ForwardingPoller::wait(out, timeout);
  }

 private:
  std::thread::id owner_ = std::this_thread::get_id();
};

class RefusesLargeBuffers final : public ForwardingPoller {
 public:
  using ForwardingPoller::ForwardingPoller;
  WaitResult wait(std::span<Event> out, Timeout timeout) noexcept override {
    if (out.size() > 65'536) return {.error = Errc::invalid_argument};
    return ForwardingPoller::wait(out, timeout);
  }
};

class AppliesChangesLate final : public TrackingPoller {
 public:
  using TrackingPoller::TrackingPoller;
  std::error_code add(int fd, Token token, Interest interest, Trigger trigger) noexcept override {
    const auto error = TrackingPoller::add(fd, token, interest, trigger);
    if (!error) silence(fd);
    return error;
  }
  std::error_code modify(int fd, Token token, Interest interest,
                         Trigger trigger) noexcept override {
    const auto error = TrackingPoller::modify(fd, token, interest, trigger);
    if (!error) silence(fd);
    return error;
  }
  WaitResult wait(std::span<Event> out, Timeout timeout) noexcept override {
    const auto result = TrackingPoller::wait(out, timeout);
    for_each([&](int fd, Tracked& entry) {
      if (entry.mark == 0) return;
      entry.mark = 0;
      static_cast<void>(inner().modify(fd, entry.token, entry.interest, entry.trigger));
    });
    return result;
  }

 private:
  void silence(int fd) {
    auto* entry = tracked(fd);
    if (entry == nullptr || entry->interest == Interest::none) return;
    entry->mark = 1;
    static_cast<void>(inner().modify(fd, entry->token, Interest::none, entry->trigger));
  }
};

class EmptyBufferHangs final : public ForwardingPoller {
 public:
  using ForwardingPoller::ForwardingPoller;
  WaitResult wait(std::span<Event> out, Timeout timeout) noexcept override {
    while (out.empty()) nap(1s);
    return ForwardingPoller::wait(out, timeout);
  }
};

}  // namespace

void add_wait_faults(BrokenPollers& all) {
  using enum Base;
  all.insert(
      all.end(),
      {
          broken<ClearsTheRest>(
              "clears_the_rest", best, "a result that is copied with its padding",
              {{"Wait1EventsAreWrittenFromTheStartAndNoMoreThanFit", "buffer[index]"}}),
          broken<OverrunsTheBuffer>(
              "overruns_the_buffer", best, "a copy by the size of the kernel's answer",
              {{"Wait1EventsAreWrittenFromTheStartAndNoMoreThanFit", "untouched"}}),
          broken<WritesFromTheEnd>("writes_from_the_end", plain,
                                   "a buffer that is filled as a stack",
                                   {"Wait1EventsAreWrittenFromTheStartAndNoMoreThanFit"}),
          broken<EmptyBufferIsNoError>("empty_buffer_is_no_error", plain,
                                       "a loop over no room, which spins",
                                       {"Wait2EmptyBufferIsRefused"}),
          broken<EmptyBufferHangs>("empty_buffer_hangs", plain, "a loop until something fits",
                                   {{"Wait2EmptyBufferIsRefused", hangs}}),
          broken<EmptyBufferConsumes>(
              "empty_buffer_consumes", best, "arguments that are looked at too late",
              {{"Wait2EmptyBufferIsRefused", "no writable"}, "Wait2RefusedWaitConsumesNoWake"}),
          broken<ZeroIsAMillisecond>("zero_is_a_millisecond", best,
                                     "always one more; tokio-rs/mio#1615",
                                     {{"Wait3LookingDoesNotSleep", "shortest"},
                                      {"Time3ZeroAndLessLookAndReturn", "shortest"}}),
          broken<ZeroDoesNotLook>("zero_does_not_look", best, "a time-out that is over at once",
                                  {"Wait3ZeroLooksAndReturns", "Time3ZeroAndLessLookAndReturn"}),
          broken<OneEventForEachDirection>(
              "one_event_for_each_direction", best, "the two filters of kevent(2)",
              {"Wait4OneEventForEachRegistration", "Wait4OneEventThoughAllGoesWrongAtOnce"}),
          broken<ReportsTwice>("reports_twice", plain, "a scan that comes by its start again",
                               {"Wait4OneEventForEachRegistration",
                                "Wait4OneEventThoughAllGoesWrongAtOnce",
                                {"Add10EqualTokensAreTheCallersRight", "count(Token{7})"}}),
          broken<LevelIsToldOnce>("level_is_told_once", edge,
                                  "EPOLLET as the default; smol-rs/polling#94",
                                  {{"Wait5LevelIsReportedWhileItHoldsAndNoLonger", "round"},
                                   "Ready4EndOfStreamComesAfterTheData",
                                   "Prio2PriorityHoldsUntilItIsRead",
                                   "Fair1RoomForOneReachesEveryone"}),
          broken<LevelOutlastsItsCondition>(
              "level_outlasts_its_condition", best,
              "SIGIO, which never says that a state has ended",
              {{"Wait5LevelIsReportedWhileItHoldsAndNoLonger", "silence was expected"},
               {"Ready1ListenerIsReadableWithAConnectionToAccept", "silence was expected"},
               "Ready11EmptyDatagramIsReadable"}),
          broken<EndsWithNothingRegistered>("ends_with_nothing_registered", plain,
                                            "event_base_loop of libevent, which ends",
                                            {{"Wait6WaitsWithNothingRegistered", "took"}}),
          broken<LooksAndThenSleeps>("looks_and_then_sleeps", plain,
                                     "a loop that polls at intervals",
                                     {{"Wait7EventEndsAWaitUnderWay", "bound()"},
                                      {"Wake1WakeEndsAWaitUnderWay", "bound()"}}),
          broken<AllocatesInWait>("allocates_in_wait", best, "an array of events for each call",
                                  {{"Wait8SteadyStateAllocatesNothing", "allocations"}}),
          broken<AllocatesInModify>("allocates_in_modify", best, "a queue of changes",
                                    {{"Wait8SteadyStateAllocatesNothing", "allocations"}}),
          broken<AllocatesInWake>("allocates_in_wake", best, "a queue of tasks",
                                  {{"Wait8SteadyStateAllocatesNothing", "allocations"}}),
          broken<BelongsToItsThread>("belongs_to_its_thread", plain,
                                     "EEXIST of io_uring_enter(2) under IORING_SETUP_SINGLE_ISSUER",
                                     {{"Wait9PollerMayBeHandedToAnotherThread", "wait failed"}}),
          broken<RefusesLargeBuffers>(
              "refuses_large_buffers", best, "EINVAL of epoll_wait(2) beyond EP_MAX_EVENTS",
              {{"Wait10BufferMayBeLargerThanAnyKernelWants", "wait failed"}}),
          broken<AppliesChangesLate>("applies_changes_late", best,
                                     "changes that are sent to the kernel with the next wait",
                                     {{"Add1WhatIsReadyAtRegistrationIsReported", "look(poller())"},
                                      "Mod1TokenAndInterestAreReplaced",
                                      "Mod2ModifyArmsAnewAndReportsWhatIsReady",
                                      "Mod6ModifyTakesNoEventOfAnother",
                                      "Rem4RemovedDescriptorCanBeAddedAgain",
                                      {"Wait7EventEndsAWaitUnderWay", hangs}}),
      });
}

}  // namespace polymux::test
