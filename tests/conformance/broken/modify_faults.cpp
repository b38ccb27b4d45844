// Faults of modify: what it changes, what it refuses, and what a refusal leaves.

#include <fcntl.h>

#include <array>
#include <chrono>
#include <system_error>

#include <polymux/poller/error.hpp>

#include "tests/conformance/broken/broken_poller.hpp"
#include "tests/conformance/broken/tracking_poller.hpp"

namespace polymux::test {
namespace {

class ModifyKeepsTheToken final : public TrackingPoller {
 public:
  using TrackingPoller::TrackingPoller;
  std::error_code modify(int fd, Token token, Interest interest,
                         Trigger trigger) noexcept override {
    const auto* entry = tracked(fd);
    return TrackingPoller::modify(fd, entry == nullptr ? token : entry->token, interest, trigger);
  }
};

class ModifyOnlyWidens final : public TrackingPoller {
 public:
  using TrackingPoller::TrackingPoller;
  std::error_code modify(int fd, Token token, Interest interest,
                         Trigger trigger) noexcept override {
    const auto* entry = tracked(fd);
    const auto before = entry == nullptr ? Interest::none : entry->interest;
    return TrackingPoller::modify(fd, token, interest | before, trigger);
  }
};

class ModifyOfTheSameDoesNothing final : public TrackingPoller {
 public:
  using TrackingPoller::TrackingPoller;
  std::error_code modify(int fd, Token token, Interest interest,
                         Trigger trigger) noexcept override {
    const auto* entry = tracked(fd);
    const bool is_same = entry != nullptr && entry->token == token && entry->interest == interest &&
                         entry->trigger == trigger;
    return is_same ? std::error_code{} : TrackingPoller::modify(fd, token, interest, trigger);
  }
};

class ModifyRegistersTheUnknown final : public TrackingPoller {
 public:
  using TrackingPoller::TrackingPoller;
  std::error_code modify(int fd, Token token, Interest interest,
                         Trigger trigger) noexcept override {
    const auto error = TrackingPoller::modify(fd, token, interest, trigger);
    return error == Errc::not_registered ? add(fd, token, interest, trigger) : error;
  }
};

class ModifySaysBadDescriptorFirst final : public TrackingPoller {
 public:
  using TrackingPoller::TrackingPoller;
  std::error_code modify(int fd, Token token, Interest interest,
                         Trigger trigger) noexcept override {
    if (!is_open_number(fd)) return Errc::bad_descriptor;
    return TrackingPoller::modify(fd, token, interest, trigger);
  }
};

class ModifyRemovesFirst final : public TrackingPoller {
 public:
  using TrackingPoller::TrackingPoller;
  std::error_code modify(int fd, Token token, Interest interest,
                         Trigger trigger) noexcept override {
    if (const auto error = TrackingPoller::remove(fd)) return error;
    return TrackingPoller::add(fd, token, interest, trigger);
  }
};

class RefusedModifyArms final : public TrackingPoller {
 public:
  using TrackingPoller::TrackingPoller;
  std::error_code modify(int fd, Token token, Interest interest,
                         Trigger trigger) noexcept override {
    const auto error = TrackingPoller::modify(fd, token, interest, trigger);
    if (const auto* entry = tracked(fd); error && entry != nullptr) {
      const auto before = *entry;
      static_cast<void>(TrackingPoller::modify(fd, before.token, before.interest, before.trigger));
    }
    return error;
  }
};

class ModifyEatsEvents final : public TrackingPoller {
 public:
  using TrackingPoller::TrackingPoller;
  std::error_code modify(int fd, Token token, Interest interest,
                         Trigger trigger) noexcept override {
    std::array<Event, 8> eaten{};
    static_cast<void>(inner().wait(eaten, std::chrono::nanoseconds::zero()));
    return TrackingPoller::modify(fd, token, interest, trigger);
  }
};

/// To rest is to be negative, and -0 is 0.
class ZeroDoesNotRest final : public TrackingPoller {
 public:
  using TrackingPoller::TrackingPoller;
  std::error_code modify(int fd, Token token, Interest interest,
                         Trigger trigger) noexcept override {
    if (fd == 0 && interest == Interest::none) interest = Interest::read;
    return TrackingPoller::modify(fd, token, interest, trigger);
  }
};

class ModifyChecksDirectionFirst final : public TrackingPoller {
 public:
  using TrackingPoller::TrackingPoller;
  std::error_code modify(int fd, Token token, Interest interest,
                         Trigger trigger) noexcept override {
    const int flags = ::fcntl(fd, F_GETFL);
    const bool reads = contains(interest, Interest::read);
    if (flags >= 0 && reads && (flags & O_ACCMODE) == O_WRONLY) return Errc::wrong_direction;
    return TrackingPoller::modify(fd, token, interest, trigger);
  }
};

}  // namespace

void add_modify_faults(BrokenPollers& all) {
  using enum Base;
  all.insert(
      all.end(),
      {
          broken<ModifyKeepsTheToken>("modify_keeps_the_token", best,
                                      "user data that only one of two filters was given",
                                      {{"Mod1TokenAndInterestAreReplaced", "ready(Token{2})"},
                                       "Trig6EachTriggerFollowsEachOther",
                                       "None2ModifyToNoneSilencesWhatIsReady"}),
          broken<ModifyOnlyWidens>(
              "modify_only_widens", best, "EVFILT_WRITE that stays; kqueue_reactor.ipp of asio",
              {"Mod1TokenAndInterestAreReplaced",
               "Mod7NarrowedInterestIsSilentAboutTheRest",
               "None2ModifyToNoneSilencesWhatIsReady",
               {"Mod7TerminalThatIsNotWrittenToIsSilent", "silence was expected"}}),
          broken<ModifyOfTheSameDoesNothing>(
              "modify_of_the_same_does_nothing", best, "a cache of what the kernel was told",
              {"Mod2ModifyArmsAnewAndReportsWhatIsReady", "Trig1OneshotReportsOnceUntilModify",
               "Trig8OneshotWithDataLeftIsToldAfterModify"}),
          broken<ModifyRegistersTheUnknown>("modify_registers_the_unknown", best,
                                            "EV_ADD of kevent(2)",
                                            {"Mod3UnknownDescriptorIsNotRegistered"}),
          broken<ModifySaysBadDescriptorFirst>(
              "modify_says_bad_descriptor_first", best,
              "epoll_ctl(2), which looks at the number first",
              {"Mod3UnknownDescriptorIsNotRegistered", "Mod8OfSeveralMistakesTheSameOneIsNamed"}),
          broken<ModifyRemovesFirst>("modify_removes_first", best,
                                     "two steps of which the second fails; h2o/h2o#1109",
                                     {"Mod4NumberOfAnotherFileIsNotRegistered",
                                      "Mod5RefusedModifyLeavesTheRegistrationAsItWas"}),
          broken<RefusedModifyArms>("refused_modify_arms", best,
                                    "a roll-back that does not know what was armed",
                                    {"Mod5RefusedModifyDoesNotArmAFiredOneshot"}),
          broken<ModifyEatsEvents>(
              "modify_eats_events", best, "kevent(2) with room for events; smol-rs/polling#64",
              {"Mod6ModifyTakesNoEventOfAnother", {"Wake6CallsBetweenTakeNoWakeAway", "woken"}}),
          broken<ZeroDoesNotRest>("zero_does_not_rest", plain, "-fd where ~fd is meant",
                                  {{"Add17NumberZeroIsLikeAnyOther", "failed_step"}}),
          broken<ModifyChecksDirectionFirst>("modify_checks_direction_first", plain,
                                             "what each kernel happens to look at first",
                                             {"Mod8OfSeveralMistakesTheSameOneIsNamed"}),
      });
}

}  // namespace polymux::test
