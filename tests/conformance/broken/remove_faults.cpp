// Faults of remove, and of what is left of a registration.

#include <chrono>
#include <cstdint>
#include <system_error>

#include <polymux/poller/error.hpp>

#include "tests/conformance/broken/broken_poller.hpp"
#include "tests/conformance/broken/tracking_poller.hpp"
#include "tests/support/processes.hpp"

namespace polymux::test {
namespace {

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

}  // namespace

void add_remove_faults(BrokenPollers& all) {
  using enum Base;
  all.insert(
      all.end(),
      {
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
          broken<TriesAgainWhatWasDone>("tries_again_what_was_done", best,
                                        "EINTR of kevent(2); tokio-rs/mio#1056",
                                        {{"Add18SignalsDoNotDisturbRegistrations", "remove"}}),
      });
}

}  // namespace polymux::test
