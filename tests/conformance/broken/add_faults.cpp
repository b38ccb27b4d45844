// Faults of add: what is refused, with which code, and what a refusal leaves.

#include <fcntl.h>
#include <poll.h>
#include <sys/select.h>
#include <sys/stat.h>

#include <cstdint>
#include <system_error>

#include <polymux/poller/error.hpp>

#include "tests/conformance/broken/broken_poller.hpp"
#include "tests/conformance/broken/tracking_poller.hpp"

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

void claim_a_limit(Capabilities& capabilities) {
  capabilities.greatest_fd = static_cast<int>(FD_SETSIZE) - 1;
}

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

}  // namespace

void add_add_faults(BrokenPollers& all) {
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
          broken<LiesAboutItself<claim_a_limit>>(
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
          broken<PassesEinvalOfTheKernelOn>(
              "passes_einval_on", best, "EINVAL of kevent(2) on macOS; tokio-rs/mio#1377",
              {{"Add16EachKindIsServedOrAnotherBackendTakesIt", "refused"},
               "Add2EveryKindThatHasReadinessIsAccepted"}),
          broken<ZeroIsNoNumber>("zero_is_no_number", plain, "zero as a mark for none",
                                 {{"Add17NumberZeroIsLikeAnyOther", "failed_step"}}),
      });
}

}  // namespace polymux::test
