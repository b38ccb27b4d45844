// Faults about what a number means: files that were closed, duplicated or put in another's place.

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <deque>
#include <system_error>
#include <utility>
#include <vector>

#include <polymux/poller/error.hpp>

#include "tests/conformance/broken/broken_poller.hpp"
#include "tests/conformance/broken/tracking_poller.hpp"

namespace polymux::test {
namespace {

constexpr std::size_t numbers = 8192;

class AddBelievesItsTable final : public TrackingPoller {
 public:
  using TrackingPoller::TrackingPoller;
  std::error_code add(int fd, Token token, Interest interest, Trigger trigger) noexcept override {
    if (tracked(fd) != nullptr) return Errc::already_registered;
    return TrackingPoller::add(fd, token, interest, trigger);
  }
};

class ModifyBelievesItsTable final : public TrackingPoller {
 public:
  using TrackingPoller::TrackingPoller;
  std::error_code modify(int fd, Token token, Interest interest,
                         Trigger trigger) noexcept override {
    const auto error = TrackingPoller::modify(fd, token, interest, trigger);
    return tracked(fd) != nullptr && error ? std::error_code{} : error;
  }
};

/// What it watches is a duplicate of its own: the open file, and not the number.
class WatchesTheFile final : public ForwardingPoller {
 public:
  using ForwardingPoller::ForwardingPoller;
  ~WatchesTheFile() override {
    for (const int copy : copies_) {
      if (copy > 0) ::close(copy);
    }
  }
  std::error_code add(int fd, Token token, Interest interest, Trigger trigger) noexcept override {
    const int copy = ::fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (copy < 0) return {errno, std::system_category()};
    const auto error = ForwardingPoller::add(copy, token, interest, trigger);
    auto& known = copies_.at(static_cast<std::size_t>(fd));
    // The file that the number meant before stays watched, and is told under the token of today.
    if (known > 0 && !error) {
      static_cast<void>(ForwardingPoller::modify(known, token, interest, trigger));
    }
    if (error) {
      ::close(copy);
    } else {
      known = copy;
    }
    return error;
  }
  std::error_code remove(int fd) noexcept override {
    auto& copy = copies_.at(static_cast<std::size_t>(fd));
    if (copy == 0) return Errc::not_registered;
    const auto error = ForwardingPoller::remove(copy);
    ::close(std::exchange(copy, 0));
    return error;
  }

 private:
  std::array<int, numbers> copies_{};
};

class RemoveIsOnlyNoted final : public TrackingPoller {
 public:
  using TrackingPoller::TrackingPoller;
  std::error_code remove(int fd) noexcept override {
    auto* entry = tracked(fd);
    if (entry == nullptr) return Errc::not_registered;
    *entry = {};
    return {};
  }
};

class RemoveAfterCloseIsOnlyNoted final : public TrackingPoller {
 public:
  using TrackingPoller::TrackingPoller;
  std::error_code remove(int fd) noexcept override {
    auto* entry = tracked(fd);
    if (entry == nullptr || is_open_number(fd)) return TrackingPoller::remove(fd);
    *entry = {};
    return {};
  }
};

/// Says of each number that is closed that it is, as long as it is registered.
template <bool IsAsked>
class InvalidForEver final : public EditingPoller {
 public:
  using EditingPoller::EditingPoller;

 private:
  std::size_t append(std::span<Event> out, std::size_t count) override {
    return append_each(out, count, [](int fd, const Tracked& entry) {
      const bool is_asked = entry.interest != Interest::none;
      return is_asked == IsAsked && !is_open_number(fd) ? Ready::invalid : Ready::none;
    });
  }
};

class InvalidIsNotAlone final : public EditingPoller {
 public:
  using EditingPoller::EditingPoller;

 private:
  bool edit(Event& event) override {
    if (contains(event.ready, Ready::invalid)) event.ready |= Ready::readable;
    return true;
  }
};

/// Fails as long as there is a registration of this kind.
template <bool IsWrong(int, const Tracked&), std::errc Error>
class FailsTheWait final : public TrackingPoller {
 public:
  using TrackingPoller::TrackingPoller;
  WaitResult wait(std::span<Event> out, Timeout timeout) noexcept override {
    bool is_wrong = false;
    for_each([&](int fd, const Tracked& entry) { is_wrong = is_wrong || IsWrong(fd, entry); });
    if (is_wrong) return {.error = std::make_error_code(Error)};
    return TrackingPoller::wait(out, timeout);
  }
};

bool is_closed(int fd, const Tracked& /*entry*/) {
  return !is_open_number(fd);
}

bool is_device_in_its_place(int fd, const Tracked& entry) {
  return type_of(fd) == S_IFCHR && file_of(fd) != entry.file;
}

class ReusedNumberIsReportedAsAnother final : public EditingPoller {
 public:
  using EditingPoller::EditingPoller;

 private:
  bool edit(Event& event) override {
    const int fd = number_of(event.token);
    const auto* entry = tracked(fd);
    if (entry == nullptr || file_of(fd) == entry->file) return true;
    for_each([&](int other, const Tracked& neighbour) {
      if (other != fd) event.token = neighbour.token;
    });
    return true;
  }
};

/// Keeps what found no room by number, and looks for the token when there is room.
class KeepsABatch final : public TrackingPoller {
 public:
  using TrackingPoller::TrackingPoller;
  WaitResult wait(std::span<Event> out, Timeout timeout) noexcept override {
    WaitResult result;
    if (batch_.empty()) {
      std::array<Event, 64> found{};
      result = TrackingPoller::wait(found, timeout);
      for (std::size_t index = 0; index < result.count; ++index) {
        batch_.emplace_back(number_of(found.at(index).token), found.at(index).ready);
      }
      result.count = 0;
    }
    for (; result.count < out.size() && !batch_.empty(); batch_.pop_front()) {
      const auto [fd, ready] = batch_.front();
      if (const auto* entry = tracked(fd)) out[result.count++] = {entry->token, ready};
    }
    return result;
  }

 private:
  std::deque<std::pair<int, Ready>> batch_;
};

class InvalidMutesForGood final : public EditingPoller {
 public:
  using EditingPoller::EditingPoller;

 private:
  bool edit(Event& event) override {
    const auto number = static_cast<std::size_t>(number_of(event.token));
    if (number >= numbers) return true;
    const bool is_muted = is_muted_.at(number);
    if (contains(event.ready, Ready::invalid)) is_muted_.at(number) = true;
    return !is_muted;
  }
  std::array<bool, numbers> is_muted_{};
};

class NeedsADescriptorToRecover final : public TrackingPoller {
 public:
  using TrackingPoller::TrackingPoller;
  std::error_code remove(int fd) noexcept override {
    has_to_recover_ = has_to_recover_ || !is_open_number(fd);
    return TrackingPoller::remove(fd);
  }
  WaitResult wait(std::span<Event> out, Timeout timeout) noexcept override {
    if (has_to_recover_) {
      const int fresh = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
      if (fresh < 0) return {.error = {errno, std::system_category()}};
      ::close(fresh);
    }
    return TrackingPoller::wait(out, timeout);
  }

 private:
  bool has_to_recover_ = false;
};

class CloseEndsAWait final : public EditingPoller {
 public:
  using EditingPoller::EditingPoller;
  WaitResult wait(std::span<Event> out, Timeout timeout) noexcept override {
    const std::chrono::nanoseconds slice = std::chrono::milliseconds(1);
    for (auto left = timeout.value_or(std::chrono::hours(1)); left > slice; left -= slice) {
      const auto result = EditingPoller::wait(out, slice);
      bool has_closed = false;
      for_each([&](int fd, const Tracked&) { has_closed = has_closed || !is_open_number(fd); });
      if (has_closed) return {};
      if (result != WaitResult{}) return result;
    }
    return EditingPoller::wait(out, slice);
  }
};

}  // namespace

void add_identity_faults(BrokenPollers& all) {
  using enum Base;
  all.insert(
      all.end(),
      {
          broken<AddBelievesItsTable>("add_believes_its_table", best,
                                      "smol-rs/polling#151; tokio-rs/tokio-core#172",
                                      {"Add9NumberThatIsAnotherFileByNowIsTaken",
                                       "Add9NumberOfAPipeThatIsAnotherPipeByNowIsTaken",
                                       "Add9OldFileIsSilentThoughADuplicateLives",
                                       "Close6NewOwnersOfNumbersSeeNothingOfTheOld"}),
          broken<ModifyBelievesItsTable>(
              "modify_believes_its_table", best, "smol-rs/polling#262",
              {"Mod4ClosedNumberIsABadDescriptor", "Mod4NumberOfAnotherFileIsNotRegistered",
               "Mod4NumberOfAFileThatWasRegisteredOnceIsNotRegistered"}),
          broken<WatchesTheFile>(
              "watches_the_file", best, "epoll(7), which keeps the open file; libuv/libuv#4323",
              {{"Add9OldFileIsSilentThoughADuplicateLives", "silence was expected"},
               {"Close3DuplicateOfAClosedNumberNeitherSpinsNorTakesATokenForLong", "++reports"},
               {"Close3DuplicateOfAClosedPipeNeitherSpinsNorTakesATokenForLong", "++reports"},
               {"Close3TheOthersAreServedMeanwhile", "++reports"},
               {"Close8NumberThatThePollerTakesItselfIsDropped", "++reports"}}),
          broken<RemoveIsOnlyNoted>(
              "remove_is_only_noted", best, "joyent/libuv#826; joyent/libuv#1099",
              {{"Rem1TokenIsNotReportedAfterRemove", "silence was expected"},
               {"Rem1TokenIsNotReportedThoughADuplicateLives", "silence was expected"},
               {"Rem4RemovedDescriptorCanBeAddedAgain", "already"},
               {"Fork5DescriptorThatAChildHasOpenIsSilentAfterRemove", "silence was expected"},
               {"Rem1TokenIsNotReportedThoughTheDescriptorTravels", "silence was expected"}}),
          broken<RemoveIsOnlyNoted>(
              "remove_is_only_noted_by_poll", plain, "an array of poll(2) that is tidied up later",
              {{"Rem1TokenIsNotReportedAfterTheNumberIsReused", "silence was expected"},
               {"Rem3RemoveAfterCloseSucceeds", "silence was expected"}}),
          broken<RemoveAfterCloseIsOnlyNoted>(
              "remove_after_close_is_only_noted", best,
              "EPOLL_CTL_DEL whose EBADF is taken for done; libevent/libevent#230",
              {{"Rem3RemoveAfterCloseIsSilentThoughADuplicateLives", "silence was expected"},
               {"Trig2FiredOneshotIsSilentThoughADuplicateOfAnotherIsDropped",
                "silence was expected"},
               {"Close8DuplicateIsDroppedThoughNoDescriptorIsLeft", "silence was expected"},
               {"Fork5DescriptorThatAChildHasOpenDoesNotSpinIfItIsClosedFirst",
                "silence was expected"}}),
          broken<InvalidForEver<true>>(
              "invalid_for_ever", best, "POLLNVAL of poll(2)",
              {{"Close1ClosedNumberIsInvalidOnceOrSilent", "reports"},
               {"Close2ClosedNumberCostsTheOthersNothing", "invalid"},
               "Close3DuplicateOfAClosedNumberNeitherSpinsNorTakesATokenForLong"}),
          broken<InvalidForEver<false>>(
              "invalid_though_nothing_is_asked_for", plain,
              "POLLNVAL, which poll(2) says whatever is asked for",
              {{"None4InterestNoneIsSilentAboutAClosedNumber", "silence was expected"}}),
          broken<InvalidIsNotAlone>("invalid_is_not_alone", plain,
                                    "POLLNVAL that is mapped to all directions",
                                    {"Close1ClosedNumberIsInvalidOnceOrSilent"}),
          broken<FailsTheWait<is_closed, std::errc::bad_file_descriptor>>(
              "closed_number_fails_the_wait", plain, "EBADF of select(2)",
              {{"Close2ClosedNumberCostsTheOthersNothing", "wait failed"},
               {"Close2ManyClosedNumbersFindRoomInASmallBuffer", "wait failed"},
               {"None4InterestNoneIsSilentAboutAClosedNumber", "wait failed"},
               {"Close9CloseDuringAWaitBreaksNothing", "wait failed"}}),
          broken<ReusedNumberIsReportedAsAnother>(
              "reused_number_is_reported_as_another", plain,
              "tokens by place in an array; joyent/libuv#968, moonbitlang/async#571",
              {{"Close4ReusedNumberIsNeverReportedAsAnother", "event.token"}}),
          broken<FailsTheWait<is_device_in_its_place, std::errc::operation_not_permitted>>(
              "device_in_its_place_fails_the_wait", best,
              "EPERM of epoll_ctl(2) while a set is made anew",
              {{"Close5NumberReusedForAFileThatCannotBeWaitedForBreaksNothing", "wait failed"}}),
          broken<KeepsABatch>(
              "keeps_a_batch", best,
              "events of a batch by number; joyent/libuv#968, creytiv/re#266",
              {{"Close6NewOwnersOfNumbersSeeNothingOfTheOld", "silence was expected"}}),
          broken<InvalidMutesForGood>(
              "invalid_mutes_for_good", plain, "an entry of poll(2) that is turned off by number",
              {{"Close7RemoveAfterInvalidSucceedsAndTheNumberIsFree", "no readable"}}),
          broken<NeedsADescriptorToRecover>(
              "needs_a_descriptor_to_recover", best,
              "a second epoll set: EMFILE of epoll_create(2)",
              {{"Close8DuplicateIsDroppedThoughNoDescriptorIsLeft", "wait failed"}}),
          broken<CloseEndsAWait>("close_ends_a_wait", best,
                                 "EBADF of a wait under way, taken for its end",
                                 {{"Close9WaitWhoseOnlyNumberIsClosedLastsItsTime", "took"}}),
      });
}

}  // namespace polymux::test
