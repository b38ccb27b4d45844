// Faults of add, modify and remove: what is refused, with which code, and what a refusal leaves.

#include <fcntl.h>
#include <poll.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <memory>
#include <system_error>
#include <utility>

#include <polymux/poller/error.hpp>

#include "tests/conformance/broken/broken_poller.hpp"
#include "tests/conformance/broken/tracking_poller.hpp"
#include "tests/support/processes.hpp"

namespace polymux::test {
namespace {

class AcceptsRegularFiles final : public TrackingPoller {
 public:
  using TrackingPoller::TrackingPoller;
  std::error_code add(int fd, Token token, Interest interest, Trigger trigger) noexcept override {
    const auto error = TrackingPoller::add(fd, token, interest, trigger);
    return error == Errc::not_pollable ? std::error_code{} : error;
  }
};

class RefusesDevicesByType final : public TrackingPoller {
 public:
  using TrackingPoller::TrackingPoller;
  std::error_code add(int fd, Token token, Interest interest, Trigger trigger) noexcept override {
    if (type_of(fd) == S_IFCHR) return Errc::not_pollable;
    return TrackingPoller::add(fd, token, interest, trigger);
  }
};

class AcceptsClosedNumbers final : public TrackingPoller {
 public:
  using TrackingPoller::TrackingPoller;
  std::error_code add(int fd, Token token, Interest interest, Trigger trigger) noexcept override {
    const auto error = TrackingPoller::add(fd, token, interest, trigger);
    return error == Errc::bad_descriptor ? std::error_code{} : error;
  }
};

class SecondAddReplaces final : public TrackingPoller {
 public:
  using TrackingPoller::TrackingPoller;
  std::error_code add(int fd, Token token, Interest interest, Trigger trigger) noexcept override {
    const auto error = TrackingPoller::add(fd, token, interest, trigger);
    return error == Errc::already_registered ? modify(fd, token, interest, trigger) : error;
  }
};

class RefusedAddTakesOver final : public TrackingPoller {
 public:
  using TrackingPoller::TrackingPoller;
  std::error_code add(int fd, Token token, Interest interest, Trigger trigger) noexcept override {
    const auto error = TrackingPoller::add(fd, token, interest, trigger);
    if (error == Errc::already_registered) {
      static_cast<void>(modify(fd, token, interest, trigger));
    }
    return error;
  }
};

class IgnoresDirection final : public TrackingPoller {
 public:
  using TrackingPoller::TrackingPoller;
  std::error_code add(int fd, Token token, Interest interest, Trigger trigger) noexcept override {
    const auto error = TrackingPoller::add(fd, token, interest, trigger);
    if (error != Errc::wrong_direction) return error;
    return TrackingPoller::add(fd, token, Interest::none, trigger);
  }
  std::error_code modify(int fd, Token token, Interest interest,
                         Trigger trigger) noexcept override {
    const auto error = TrackingPoller::modify(fd, token, interest, trigger);
    return error == Errc::wrong_direction ? std::error_code{} : error;
  }
};

class DropsUnknownFlags final : public TrackingPoller {
 public:
  using TrackingPoller::TrackingPoller;
  std::error_code add(int fd, Token token, Interest interest, Trigger trigger) noexcept override {
    return TrackingPoller::add(fd, token, known(interest), known(trigger));
  }
  std::error_code modify(int fd, Token token, Interest interest,
                         Trigger trigger) noexcept override {
    return TrackingPoller::modify(fd, token, known(interest), known(trigger));
  }

 private:
  static Interest known(Interest interest) {
    return interest & (Interest::read | Interest::write | Interest::priority);
  }
  static Trigger known(Trigger trigger) {
    return trigger > Trigger::oneshot ? Trigger::level : trigger;
  }
};

class TakesUnknownTriggersForLevel final : public TrackingPoller {
 public:
  using TrackingPoller::TrackingPoller;
  std::error_code add(int fd, Token token, Interest interest, Trigger trigger) noexcept override {
    const bool is_known = trigger <= Trigger::oneshot;
    return TrackingPoller::add(fd, token, interest, is_known ? trigger : Trigger::level);
  }
};

class KeyedByToken final : public TrackingPoller {
 public:
  using TrackingPoller::TrackingPoller;
  std::error_code remove(int fd) noexcept override {
    const auto* gone = tracked(fd);
    if (gone == nullptr) return TrackingPoller::remove(fd);
    const auto token = gone->token;
    std::error_code first;
    for_each([&](int other, const Tracked& entry) {
      if (entry.token != token) return;
      if (const auto error = TrackingPoller::remove(other)) first = error;
    });
    return first;
  }
};

class KeyedByFile final : public TrackingPoller {
 public:
  using TrackingPoller::TrackingPoller;
  std::error_code add(int fd, Token token, Interest interest, Trigger trigger) noexcept override {
    const auto file = file_of(fd);
    for_each([&](int other, const Tracked& entry) {
      if (entry.file != file || other == fd) return;
      static_cast<void>(TrackingPoller::modify(other, entry.token, interest, trigger));
    });
    return TrackingPoller::add(fd, token, interest, trigger);
  }
};

class SilentAboutGreatNumbers final : public TrackingPoller {
 public:
  using TrackingPoller::TrackingPoller;
  std::error_code add(int fd, Token token, Interest interest, Trigger trigger) noexcept override {
    const bool fits = fd < static_cast<int>(FD_SETSIZE);
    return TrackingPoller::add(fd, token, fits ? interest : Interest::none, trigger);
  }
};

class DoesNotSayItsLimit final : public TrackingPoller {
 public:
  using TrackingPoller::TrackingPoller;
  std::error_code add(int fd, Token token, Interest interest, Trigger trigger) noexcept override {
    if (fd >= static_cast<int>(FD_SETSIZE) && is_open_number(fd)) return Errc::descriptor_too_large;
    return TrackingPoller::add(fd, token, interest, trigger);
  }
};

class DoesNotKeepToItsLimit final : public TrackingPoller {
 public:
  explicit DoesNotKeepToItsLimit(std::unique_ptr<Poller> inner)
      : TrackingPoller(std::move(inner)), capabilities_(TrackingPoller::capabilities()) {
    capabilities_.greatest_fd = static_cast<int>(FD_SETSIZE) - 1;
  }
  const Capabilities& capabilities() const noexcept override { return capabilities_; }

 private:
  Capabilities capabilities_;
};

class RegistersByHalves final : public TrackingPoller {
 public:
  using TrackingPoller::TrackingPoller;
  std::error_code add(int fd, Token token, Interest interest, Trigger trigger) noexcept override {
    const auto error = TrackingPoller::add(fd, token, interest, trigger);
    if (error == Errc::wrong_direction) {
      static_cast<void>(TrackingPoller::add(fd, token, Interest::none, trigger));
    }
    return error;
  }
};

class ChecksInAnotherOrder final : public TrackingPoller {
 public:
  using TrackingPoller::TrackingPoller;
  std::error_code add(int fd, Token token, Interest interest, Trigger trigger) noexcept override {
    if (!is_open_number(fd)) return Errc::bad_descriptor;
    return TrackingPoller::add(fd, token, interest, trigger);
  }
};

class ChecksDirectionFirst final : public TrackingPoller {
 public:
  using TrackingPoller::TrackingPoller;
  std::error_code add(int fd, Token token, Interest interest, Trigger trigger) noexcept override {
    const int flags = ::fcntl(fd, F_GETFL);
    const bool writes = contains(interest, Interest::write);
    if (flags >= 0 && writes && (flags & O_ACCMODE) == O_RDONLY) return Errc::wrong_direction;
    return TrackingPoller::add(fd, token, interest, trigger);
  }
};

class PipeWithoutReaderFails final : public TrackingPoller {
 public:
  using TrackingPoller::TrackingPoller;
  std::error_code add(int fd, Token token, Interest interest, Trigger trigger) noexcept override {
    const bool is_broken = type_of(fd) == S_IFIFO && (poll_bits_of(fd, POLLOUT) & POLLERR) != 0;
    if (is_broken) return std::make_error_code(std::errc::broken_pipe);
    return TrackingPoller::add(fd, token, interest, trigger);
  }
};

class CutsTokens final : public TrackingPoller {
 public:
  using TrackingPoller::TrackingPoller;
  std::error_code add(int fd, Token token, Interest interest, Trigger trigger) noexcept override {
    const auto cut = static_cast<std::uint32_t>(token);
    return TrackingPoller::add(fd, Token{cut}, interest, trigger);
  }
};

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

class RemoveOfTheUnknownSucceeds final : public TrackingPoller {
 public:
  using TrackingPoller::TrackingPoller;
  std::error_code remove(int fd) noexcept override {
    const auto error = TrackingPoller::remove(fd);
    return error == Errc::not_registered ? std::error_code{} : error;
  }
};

class RemoveNeedsAnOpenNumber final : public TrackingPoller {
 public:
  using TrackingPoller::TrackingPoller;
  std::error_code remove(int fd) noexcept override {
    if (!is_open_number(fd)) return Errc::bad_descriptor;
    return TrackingPoller::remove(fd);
  }
};

class RemembersWhatWasRemoved final : public TrackingPoller {
 public:
  using TrackingPoller::TrackingPoller;
  std::error_code add(int fd, Token token, Interest interest, Trigger trigger) noexcept override {
    if (fd >= 0 && fd == removed_) return Errc::already_registered;
    return TrackingPoller::add(fd, token, interest, trigger);
  }
  std::error_code remove(int fd) noexcept override {
    const auto error = TrackingPoller::remove(fd);
    if (!error) removed_ = fd;
    return error;
  }

 private:
  int removed_ = -1;
};

class RemoveLosesTheLast final : public TrackingPoller {
 public:
  using TrackingPoller::TrackingPoller;
  std::error_code remove(int fd) noexcept override {
    const auto error = TrackingPoller::remove(fd);
    if (error) return error;
    int last = -1;
    std::uint64_t newest = 0;
    for_each([&](int number, const Tracked& entry) {
      if (entry.serial < newest) return;
      newest = entry.serial;
      last = number;
    });
    if (const auto* entry = tracked(last)) {
      static_cast<void>(inner().modify(last, entry->token, Interest::none, entry->trigger));
    }
    return {};
  }
};

class PassesEinvalOfTheKernelOn final : public TrackingPoller {
 public:
  using TrackingPoller::TrackingPoller;
  std::error_code add(int fd, Token token, Interest interest, Trigger trigger) noexcept override {
    if (type_of(fd) == S_IFIFO) return std::make_error_code(std::errc::invalid_argument);
    return TrackingPoller::add(fd, token, interest, trigger);
  }
};

class ZeroIsNoNumber final : public TrackingPoller {
 public:
  using TrackingPoller::TrackingPoller;
  std::error_code add(int fd, Token token, Interest interest, Trigger trigger) noexcept override {
    if (fd == 0) return Errc::bad_descriptor;
    return TrackingPoller::add(fd, token, interest, trigger);
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

/// Does again what a signal has interrupted, though it was done by then.
class TriesAgainWhatWasDone final : public TrackingPoller {
 public:
  using TrackingPoller::TrackingPoller;
  std::error_code remove(int fd) noexcept override {
    const int before = AlarmStorm::count();
    const auto error = TrackingPoller::remove(fd);
    nap(std::chrono::microseconds(50));
    return AlarmStorm::count() == before ? error : TrackingPoller::remove(fd);
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

void add_registration_faults(BrokenPollers& all) {
  using enum Base;
  all.insert(
      all.end(),
      {
          broken<AcceptsRegularFiles>("accepts_regular_files", plain,
                                      "poll(2) of POSIX; libevent/libevent#901",
                                      {{"Add3RegularFileIsRefused", "got success"},
                                       "Add3DirectoryIsRefused",
                                       "Add4DeviceWithoutReadinessIsRefused",
                                       "Add13RefusedAddLeavesThePollerAsItWas"}),
          broken<RefusesDevicesByType>(
              "refuses_devices_by_type", best, "a check by fstat(2) alone; tmux/tmux#3622",
              {"Add2EveryKindThatHasReadinessIsAccepted",
               "Add4DeviceWithReadinessIsAccepted",
               "Ready13HungUpTerminalReachesEveryInterest",
               {"Add16EachKindIsServedOrAnotherBackendTakesIt", "refused"},
               {"Add16ControllingTerminalIsServedOrRefused", "failed_step"}}),
          broken<AcceptsClosedNumbers>(
              "accepts_closed_numbers", plain, "poll(2), which says POLLNVAL later",
              {"Add5NumberThatIsNotOpenIsRefused", "Add13RefusedAddLeavesThePollerAsItWas",
               "Add5NameOfAFileIsNoOpenFile"}),
          broken<SecondAddReplaces>(
              "second_add_replaces", best, "EV_ADD of kevent(2); smol-rs/polling#151",
              {"Add6SecondAddIsRefused", "Add6SecondAddOfAPipeIsRefused",
               "None3InterestNoneKeepsTheRegistration", "Trig2FiredOneshotIsStillRegistered"}),
          broken<RefusedAddTakesOver>(
              "refused_add_takes_over", plain, "a table that is written before the kernel is asked",
              {"Add6SecondAddIsRefused", {"Add6SecondAddOfAPipeIsRefused", "waited for token 1"}}),
          broken<IgnoresDirection>(
              "ignores_direction", best, "the null filter of FreeBSD's sys_pipe.c",
              {"Add7DirectionThatIsNotOpenIsRefused", "Add7DirectionOfAFifoIsHeldTo",
               "Mod5RefusedModifyLeavesTheRegistrationAsItWas", "Add7DirectionOfATerminalIsHeldTo",
               "Add7UrgentDataIsReadAndRestingIsNeither"}),
          broken<DropsUnknownFlags>(
              "drops_unknown_flags", plain, "poll(2), which ignores bits that it does not know",
              {"Add8UnknownFlagsAreRefused", "Mod5RefusedModifyLeavesTheRegistrationAsItWas"}),
          broken<TakesUnknownTriggersForLevel>("takes_unknown_triggers_for_level", best,
                                               "a switch with a default",
                                               {"Add8UnknownFlagsAreRefused"}),
          broken<KeyedByToken>("keyed_by_token", plain, "bookkeeping by user data",
                               {"Add10EqualTokensAreTheCallersRight"}),
          broken<KeyedByFile>("keyed_by_file", best, "O_ASYNC, which belongs to the open file",
                              {"Add11DuplicatesAreRegistrationsOfTheirOwn"}),
          broken<SilentAboutGreatNumbers>(
              "silent_about_great_numbers", plain,
              "FD_SET past FD_SETSIZE; CopernicaMarketingSoftware/AMQP-CPP#378",
              {{"Add12GreatNumberWorksOrTheLimitIsSaid", "no readable"}}),
          broken<DoesNotSayItsLimit>("does_not_say_its_limit", plain,
                                     "a limit that is found out by trying",
                                     {"Add12GreatNumberWorksOrTheLimitIsSaid"}),
          broken<DoesNotKeepToItsLimit>(
              "does_not_keep_to_its_limit", best, "a capability that nobody enforces",
              {"Add5NumberThatIsNotOpenIsRefused", "Add12GreatNumberWorksOrTheLimitIsSaid"}),
          broken<RegistersByHalves>("registers_by_halves", best,
                                    "kevent(2) without EV_RECEIPT; ponylang/ponyc#5121",
                                    {"Add13RefusedAddLeavesThePollerAsItWas"}),
          broken<ChecksInAnotherOrder>("checks_in_another_order", plain,
                                       "what each kernel happens to look at first",
                                       {"Add14OfSeveralMistakesTheSameOneIsNamed"}),
          broken<ChecksDirectionFirst>("checks_direction_first", plain,
                                       "what each kernel happens to look at first",
                                       {"Add14OfSeveralMistakesTheSameOneIsNamed"}),
          broken<PipeWithoutReaderFails>("pipe_without_reader_fails", best,
                                         "EPIPE of kevent(2) on FreeBSD; tokio-rs/mio#582",
                                         {"Add15PipeWithoutReaderIsAccepted"}),
          broken<CutsTokens>("cuts_tokens", best, "udata of NetBSD; libevent/libevent#909",
                             {"Add2EachDescriptorIsReportedUnderItsToken"}),
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
          broken<RemoveOfTheUnknownSucceeds>(
              "remove_of_the_unknown_succeeds", plain, "errors of EPOLL_CTL_DEL that are ignored",
              {"Rem2UnknownDescriptorIsNotRegistered", "Rem3RemoveAfterCloseSucceeds",
               "Add13RefusedAddLeavesThePollerAsItWas", "None3InterestNoneKeepsTheRegistration"}),
          broken<RemoveNeedsAnOpenNumber>(
              "remove_needs_an_open_number", best, "EBADF of epoll_ctl(2); libuv/libuv#4323",
              {"Rem2UnknownDescriptorIsNotRegistered", "Rem3RemoveAfterCloseSucceeds",
               "Rem3RemoveAfterCloseIsSilentThoughADuplicateLives",
               "Rem4NumberOfADuplicateThatLivesCanBeAddedAgain",
               "Close7RemoveAfterInvalidSucceedsAndTheNumberIsFree",
               "Close8DuplicateIsDroppedThoughNoDescriptorIsLeft",
               "Fork5DescriptorThatAChildHasOpenDoesNotSpinIfItIsClosedFirst"}),
          broken<RemembersWhatWasRemoved>("remembers_what_was_removed", best,
                                          "EEXIST of an entry that was believed gone",
                                          {"Rem4RemovedDescriptorCanBeAddedAgain",
                                           "Rem4NumberOfADuplicateThatLivesCanBeAddedAgain"}),
          broken<RemoveLosesTheLast>("remove_loses_the_last", plain,
                                     "an array whose gap is closed with its last entry",
                                     {{"Rem5RemoveLeavesTheOthersAlone", "events.size()"}}),
          broken<PassesEinvalOfTheKernelOn>(
              "passes_einval_on", best, "EINVAL of kevent(2) on macOS; tokio-rs/mio#1377",
              {{"Add16EachKindIsServedOrAnotherBackendTakesIt", "refused"},
               "Add2EveryKindThatHasReadinessIsAccepted"}),
          broken<ZeroIsNoNumber>("zero_is_no_number", plain, "zero as a mark for none",
                                 {{"Add17NumberZeroIsLikeAnyOther", "failed_step"}}),
          broken<ZeroDoesNotRest>("zero_does_not_rest", plain, "-fd where ~fd is meant",
                                  {{"Add17NumberZeroIsLikeAnyOther", "failed_step"}}),
          broken<TriesAgainWhatWasDone>("tries_again_what_was_done", best,
                                        "EINTR of kevent(2); tokio-rs/mio#1056",
                                        {{"Add18SignalsDoNotDisturbRegistrations", "remove"}}),
          broken<ModifyChecksDirectionFirst>("modify_checks_direction_first", plain,
                                             "what each kernel happens to look at first",
                                             {"Mod8OfSeveralMistakesTheSameOneIsNamed"}),
      });
}

}  // namespace polymux::test
