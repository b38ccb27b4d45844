// Faults of who is served when there is more ready than fits.

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "tests/conformance/broken/broken_poller.hpp"
#include "tests/conformance/broken/tracking_poller.hpp"

namespace polymux::test {
namespace {

/// Asks for all that is ready, puts it in an order of its own and forgets what does not fit.
class PicksEvents : public TrackingPoller {
 public:
  using TrackingPoller::TrackingPoller;
  WaitResult wait(std::span<Event> out, Timeout timeout) noexcept override {
    auto result = TrackingPoller::wait(found_, timeout);
    const auto found = std::span(found_).first(result.count);
    order(found);
    result.count = std::min(result.count, out.size());
    std::copy_n(found.begin(), result.count, out.begin());
    return result;
  }

 private:
  virtual void order(std::span<Event> found) = 0;

  std::vector<Event> found_{4096};
};

class StarvesTheLast final : public PicksEvents {
 public:
  using PicksEvents::PicksEvents;

 private:
  void order(std::span<Event> found) override {
    std::ranges::sort(found, {}, [this](const Event& event) { return number_of(event.token); });
  }
};

class NewestFirst final : public PicksEvents {
 public:
  using PicksEvents::PicksEvents;

 private:
  void order(std::span<Event> found) override {
    std::ranges::sort(found, std::ranges::greater{}, [this](const Event& event) {
      const auto* entry = tracked(number_of(event.token));
      return entry == nullptr ? 0 : entry->serial;
    });
  }
};

/// Goes round, but begins at the lowest number again whenever something was added or removed.
class BeginsAnewWithEachChange final : public PicksEvents {
 public:
  using PicksEvents::PicksEvents;
  std::error_code add(int fd, Token token, Interest interest, Trigger trigger) noexcept override {
    last_ = -1;
    return PicksEvents::add(fd, token, interest, trigger);
  }

 private:
  void order(std::span<Event> found) override {
    const auto turn = [this](const Event& event) {
      const int number = number_of(event.token);
      return std::pair(number <= last_, number);
    };
    std::ranges::sort(found, {}, turn);
    if (!found.empty()) last_ = number_of(found[0].token);
  }
  int last_ = -1;
};

/// Goes round over the directions of all that is ready: each takes a place of the buffer, also
/// where it makes no event of its own.
class CountsDirections final : public TrackingPoller {
 public:
  using TrackingPoller::TrackingPoller;
  WaitResult wait(std::span<Event> out, Timeout timeout) noexcept override {
    std::vector<Event> found(4096);
    auto result = TrackingPoller::wait(found, timeout);
    std::vector<Event> filters;
    for (const auto& event : std::span(found).first(result.count)) {
      for (const auto direction : {Ready::readable, Ready::writable}) {
        if (contains(event.ready, direction)) filters.push_back({event.token, direction});
      }
    }
    const auto turn = [this](const Event& filter) {
      const auto place = std::pair(number_of(filter.token), filter.ready);
      return std::pair(place <= last_, place);
    };
    std::ranges::sort(filters, {}, turn);
    filters.resize(std::min(filters.size(), out.size()));
    if (!filters.empty()) last_ = {number_of(filters.back().token), filters.back().ready};
    result.count = merge(filters, out);
    return result;
  }

 private:
  static std::size_t merge(std::span<const Event> filters, std::span<Event> out) {
    std::size_t count = 0;
    for (const auto& filter : filters) {
      const auto events = out.first(count);
      const auto known = std::ranges::find(events, filter.token, &Event::token);
      if (known == events.end()) {
        out[count++] = filter;
      } else {
        known->ready |= filter.ready;
      }
    }
    return count;
  }

  std::pair<int, Ready> last_{-1, Ready::none};
};

template <std::size_t Size>
class HasAnArrayOf final : public ForwardingPoller {
 public:
  using ForwardingPoller::ForwardingPoller;
  WaitResult wait(std::span<Event> out, Timeout timeout) noexcept override {
    return ForwardingPoller::wait(out.first(std::min(out.size(), Size)), timeout);
  }
};

}  // namespace

void add_fairness_faults(BrokenPollers& all) {
  using enum Base;
  all.insert(
      all.end(),
      {
          broken<StarvesTheLast>("starves_the_last", plain,
                                 "a scan of an array that begins at zero",
                                 {"Fair1WhatDidNotFitComesBeforeWhatWasReported",
                                  "Fair1RoomForOneReachesEveryone",
                                  {"Fair2RegistrationsThatComeAndGoStarveNobody", "starves"},
                                  "Trig7WhatFoundNoRoomIsNotForgotten"}),
          broken<NewestFirst>("newest_first", best, "a list that grows at its head",
                              {"Fair1WhatDidNotFitComesBeforeWhatWasReported",
                               {"Fair2RegistrationsThatComeAndGoStarveNobody", "starves"}}),
          broken<BeginsAnewWithEachChange>(
              "begins_anew_with_each_change", plain, "a cursor into an array whose entries move",
              {{"Fair2RegistrationsThatComeAndGoStarveNobody", "starves"}}),
          broken<CountsDirections>(
              "counts_directions", plain, "the two filters of kevent(2)",
              {"Fair1ReadyBothWaysIsOneTurn", "Fair3TwoDirectionsTakeOnePlace"}),
          broken<HasAnArrayOf<64>>("has_an_array_of_64", best, "a small array on the stack",
                                   {"Fair3AllIsReportedAtOnceWhereThereIsRoom"}),
          broken<HasAnArrayOf<1000>>("has_an_array_of_1000", best, "an array of fixed size",
                                     {"Fair3AThousandAreReportedAtOnce"}),
      });
}

}  // namespace polymux::test
