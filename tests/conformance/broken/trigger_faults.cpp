// Faults of level, edge and oneshot.

#include <poll.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "tests/conformance/broken/broken_poller.hpp"
#include "tests/conformance/broken/tracking_poller.hpp"

namespace polymux::test {
namespace {

/// Asks the sound poller for another trigger than it was asked for.
template <Trigger From, Trigger To>
class ChangesTriggers : public TrackingPoller {
 public:
  using TrackingPoller::TrackingPoller;
  std::error_code add(int fd, Token token, Interest interest, Trigger trigger) noexcept override {
    return TrackingPoller::add(fd, token, interest, trigger == From ? To : trigger);
  }
  std::error_code modify(int fd, Token token, Interest interest,
                         Trigger trigger) noexcept override {
    return TrackingPoller::modify(fd, token, interest, trigger == From ? To : trigger);
  }
};

void claim_edge(Capabilities& capabilities) {
  capabilities.edge = true;
}

using ClaimsEdge = LiesAboutItself<claim_edge, ChangesTriggers<Trigger::edge, Trigger::level>>;

class TriggerStays final : public TrackingPoller {
 public:
  using TrackingPoller::TrackingPoller;
  std::error_code modify(int fd, Token token, Interest interest,
                         Trigger trigger) noexcept override {
    const auto* entry = tracked(fd);
    return TrackingPoller::modify(fd, token, interest, entry == nullptr ? trigger : entry->trigger);
  }
};

class OneshotIsDeleted final : public EditingPoller {
 public:
  using EditingPoller::EditingPoller;

 private:
  bool edit(Event& event) override {
    const int fd = number_of(event.token);
    const auto* entry = tracked(fd);
    if (entry != nullptr && entry->trigger == Trigger::oneshot) static_cast<void>(remove(fd));
    return true;
  }
};

class FiredOneshotHearsHangups final : public EditingPoller {
 public:
  using EditingPoller::EditingPoller;

 private:
  bool edit(Event& event) override {
    auto* entry = tracked(number_of(event.token));
    if (entry != nullptr && entry->trigger == Trigger::oneshot) entry->mark = 1;
    return true;
  }
  std::size_t append(std::span<Event> out, std::size_t count) override {
    return append_each(out, count, [](int fd, const Tracked& entry) {
      const bool is_over = entry.mark == 1 && (poll_bits_of(fd, 0) & (POLLHUP | POLLERR)) != 0;
      return is_over ? Ready::hangup : Ready::none;
    });
  }
};

class DroppingOneArmsAll final : public TrackingPoller {
 public:
  using TrackingPoller::TrackingPoller;
  std::error_code remove(int fd) noexcept override {
    const auto error = TrackingPoller::remove(fd);
    for_each([&](int other, const Tracked& entry) {
      static_cast<void>(inner().modify(other, entry.token, entry.interest, entry.trigger));
    });
    return error;
  }
};

class DisarmsOneDirection final : public EditingPoller {
 public:
  using EditingPoller::EditingPoller;

 private:
  bool edit(Event& event) override {
    const int fd = number_of(event.token);
    const auto* entry = tracked(fd);
    if (entry == nullptr || entry->trigger != Trigger::oneshot) return true;
    auto rest = Interest::none;
    if (!contains(event.ready, Ready::readable)) rest |= entry->interest & Interest::read;
    if (!contains(event.ready, Ready::writable)) rest |= entry->interest & Interest::write;
    if (rest != Interest::none) {
      static_cast<void>(inner().modify(fd, entry->token, rest, Trigger::oneshot));
    }
    return true;
  }
};

class ForgetsWhatFoundNoRoom final : public ForwardingPoller {
 public:
  using ForwardingPoller::ForwardingPoller;
  WaitResult wait(std::span<Event> out, Timeout timeout) noexcept override {
    std::array<Event, 64> found{};
    auto result = ForwardingPoller::wait(found, timeout);
    result.count = std::min(result.count, out.size());
    std::copy_n(found.begin(), result.count, out.begin());
    return result;
  }
};

class ReportsAgainWhatFoundNoRoom final : public EditingPoller {
 public:
  using EditingPoller::EditingPoller;

 private:
  std::size_t append(std::span<Event> out, std::size_t count) override {
    // A batch that was full is told from its start again.
    if (is_full_ && count > 0) out[count - 1] = first_;
    is_full_ = count == out.size();
    if (count > 0) first_ = out[0];
    return count;
  }
  bool is_full_ = false;
  Event first_;
};

class EndIsNoEdge final : public EditingPoller {
 public:
  using EditingPoller::EditingPoller;

 private:
  bool edit(Event& event) override {
    const auto* entry = tracked(number_of(event.token));
    const auto ends = event.ready & (Ready::read_closed | Ready::hangup | Ready::error);
    return ends == Ready::none || entry == nullptr || entry->trigger != Trigger::edge;
  }
};

}  // namespace

void add_trigger_faults(BrokenPollers& all) {
  using enum Base;
  all.insert(
      all.end(),
      {
          broken<ChangesTriggers<Trigger::oneshot, Trigger::level>>(
              "oneshot_is_level", best, "a flag that the kernel does not have; smol-rs/polling#59",
              {{"Trig1OneshotReportsOnceUntilModify", "silence was expected"},
               {"Trig2FiredOneshotIsSilentWhateverHappens", "silence was expected"},
               {"Trig3OneReportOfAOneshotDisarmsAllDirections", "silence was expected"},
               "Trig7WhatFoundNoRoomIsNotForgotten"}),
          broken<OneshotIsDeleted>(
              "oneshot_is_deleted", plain, "EV_ONESHOT of kevent(2)",
              {"Trig1OneshotReportsOnceUntilModify", "Trig2FiredOneshotIsStillRegistered",
               "Mod2ModifyArmsAnewAndReportsWhatIsReady"}),
          broken<FiredOneshotHearsHangups>(
              "fired_oneshot_hears_hangups", plain, "POLLHUP of poll(2), which comes unasked",
              {{"Trig2FiredOneshotIsSilentWhateverHappens", "silence was expected"}}),
          broken<DroppingOneArmsAll>(
              "dropping_one_arms_all", best, "a set that is made anew from a table",
              {{"Trig2FiredOneshotIsSilentThoughADuplicateOfAnotherIsDropped",
                "silence was expected"}}),
          broken<DisarmsOneDirection>(
              "disarms_one_direction", best, "the two filters of kevent(2)",
              {{"Trig3OneReportOfAOneshotDisarmsAllDirections", "silence was expected"}}),
          broken<ChangesTriggers<Trigger::edge, Trigger::level>>(
              "edge_is_level", plain, "a flag without effect; EV_ET of libevent with poll",
              {"Trig4EdgeWhereAbsentIsRefused", "Add14OfSeveralMistakesTheSameOneIsNamed",
               "Mod5RefusedModifyLeavesTheRegistrationAsItWas"}),
          broken<ClaimsEdge>(
              "claims_edge", plain, "a capability that is written down untried",
              {{"Trig5EdgeReportsWhenTheConditionComesAbout", "silence was expected"},
               {"Trig5EdgeOfAWriterComesWithTheRoom", "silence was expected"},
               "Trig6EachTriggerFollowsEachOther",
               "Trig7WhatFoundNoRoomIsNotForgotten"}),
          broken<ChangesTriggers<Trigger::edge, Trigger::oneshot>>(
              "edge_comes_once", edge, "an edge that has to be armed anew",
              {{"Trig5EdgeReportsWhenTheConditionComesAbout", "no readable"},
               {"Trig5EdgeOfAWriterComesWithTheRoom", "no writable"},
               "Trig6EachTriggerFollowsEachOther"}),
          broken<TriggerStays>("trigger_stays", best,
                               "flags of EV_ADD that stay; rockorager/libvaxis#34",
                               {"Trig6EachTriggerFollowsEachOther"}),
          broken<ForgetsWhatFoundNoRoom>("forgets_what_found_no_room", best,
                                         "EPOLLONESHOT of an event that does not fit",
                                         {{"Trig7WhatFoundNoRoomIsNotForgotten", "counts.size()"}}),
          broken<ReportsAgainWhatFoundNoRoom>("reports_a_batch_again", best,
                                              "a batch that is gone through from its start",
                                              {"Trig7WhatFoundNoRoomIsNotForgotten"}),
          broken<EndIsNoEdge>("end_is_no_edge", edge, "EV_EOF under EV_CLEAR that is told no more",
                              {{"Trig9EndIsAnEdgeToo", "no readable"},
                               {"Trig9EndOfAPipeIsAnEdgeToo", "no readable"}}),
      });
}

}  // namespace polymux::test
