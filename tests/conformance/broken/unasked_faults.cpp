// Faults that speak where silence is the rule: unasked, too early, for ever; and their price.

#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <utility>

#include "tests/conformance/broken/broken_poller.hpp"
#include "tests/conformance/broken/tracking_poller.hpp"

namespace polymux::test {
namespace {

using namespace std::chrono_literals;

/// Adds events of its own: `Say` is asked, of each that the sound poller has not reported, what
/// there is to say.
template <Ready Say(int, const Tracked&)>
class SaysMore final : public EditingPoller {
 public:
  using EditingPoller::EditingPoller;

 private:
  std::size_t append(std::span<Event> out, std::size_t count) override {
    const auto reported = out.first(count);
    return append_each(out, count, [&](int fd, const Tracked& entry) {
      for (auto& event : reported) {
        if (event.token == entry.token) return Ready::none;
      }
      return Say(fd, entry);
    });
  }
};

bool is_connected(int fd) {
  sockaddr_storage peer{};
  socklen_t size = sizeof peer;
  return ::getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &size) == 0;
}

bool has_half_closed_peer(int fd) {
  char byte = 0;
  return ::recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

bool can_no_longer_send(int fd) {
  ::signal(SIGPIPE, SIG_IGN);
  return socket_type_of(fd) == SOCK_STREAM && ::send(fd, "", 0, MSG_DONTWAIT) < 0 && errno == EPIPE;
}

Ready end_of_sending_for_readers(int fd, const Tracked& entry) {
  const bool is_told = contains(entry.interest, Interest::read) && can_no_longer_send(fd);
  return is_told ? Ready::readable | Ready::hangup : Ready::none;
}

Ready end_for_urgent_data(int fd, const Tracked& entry) {
  const bool is_told = entry.interest == Interest::priority && (poll_bits_of(fd, 0) & POLLHUP) != 0;
  return is_told ? Ready::hangup : Ready::none;
}

Ready always_writable(int /*fd*/, const Tracked& entry) {
  return contains(entry.interest, Interest::write) ? Ready::writable : Ready::none;
}

Ready writable_before_the_outcome(int fd, const Tracked& entry) {
  const bool is_asked = contains(entry.interest, Interest::write);
  const bool is_connecting = socket_type_of(fd) == SOCK_STREAM && !is_connected(fd);
  return is_asked && is_connecting ? Ready::writable : Ready::none;
}

Ready half_close_for_writers(int fd, const Tracked& entry) {
  const bool is_told = entry.interest == Interest::write && has_half_closed_peer(fd);
  return is_told ? Ready::writable : Ready::none;
}

Ready end_before_the_first_writer(int fd, const Tracked& entry) {
  const bool is_reader = type_of(fd) == S_IFIFO && contains(entry.interest, Interest::read);
  return is_reader && poll_bits_of(fd, POLLIN) == 0 ? Ready::readable | Ready::hangup : Ready::none;
}

Ready ordinary_as_priority(int fd, const Tracked& entry) {
  const bool is_asked = contains(entry.interest, Interest::priority);
  return is_asked && (poll_bits_of(fd, POLLIN) & POLLIN) != 0 ? Ready::priority : Ready::none;
}

Ready errors_of_none(int fd, const Tracked& entry) {
  const bool is_none = entry.interest == Interest::none;
  const bool is_over = is_none && (poll_bits_of(fd, 0) & (POLLHUP | POLLERR)) != 0;
  return is_over ? Ready::hangup | Ready::error : Ready::none;
}

Ready readable_of_none(int fd, const Tracked& entry) {
  const bool is_none = entry.interest == Interest::none;
  return is_none && (poll_bits_of(fd, POLLIN) & POLLIN) != 0 ? Ready::readable : Ready::none;
}

/// Looks at everything each millisecond, and finds nothing.
Ready sweep(int fd, const Tracked& /*entry*/) {
  for (int round = 0; round < 16; ++round) static_cast<void>(poll_bits_of(fd, 0));
  return Ready::none;
}

/// Adds flags to events: `Add` says which, for what is known of the number.
template <Ready Add(int, const Tracked&)>
class AddsFlags final : public EditingPoller {
 public:
  using EditingPoller::EditingPoller;

 private:
  bool edit(Event& event) override {
    const int fd = number_of(event.token);
    if (const auto* entry = tracked(fd)) event.ready |= Add(fd, *entry);
    return true;
  }
};

Ready readable_unasked(int fd, const Tracked& entry) {
  const bool is_asked = contains(entry.interest, Interest::read);
  return !is_asked && (poll_bits_of(fd, POLLIN) & POLLIN) != 0 ? Ready::readable : Ready::none;
}

Ready read_closed_for_writers(int fd, const Tracked& entry) {
  const bool is_asked = contains(entry.interest, Interest::read);
  return !is_asked && has_half_closed_peer(fd) ? Ready::read_closed : Ready::none;
}

Ready urgent_unasked(int fd, const Tracked& entry) {
  const bool is_asked = contains(entry.interest, Interest::priority);
  return !is_asked && (poll_bits_of(fd, POLLPRI) & POLLPRI) != 0 ? Ready::priority : Ready::none;
}

Ready urgent_as_error(int fd, const Tracked& entry) {
  return urgent_unasked(fd, entry) == Ready::none ? Ready::none : Ready::error;
}

class SpinsOnNone final : public TrackingPoller {
 public:
  using TrackingPoller::TrackingPoller;
  WaitResult wait(std::span<Event> out, Timeout timeout) noexcept override {
    bool has_news = false;
    for_each([&](int fd, const Tracked& entry) {
      has_news = has_news || errors_of_none(fd, entry) != Ready::none;
    });
    if (!has_news) return TrackingPoller::wait(out, timeout);
    const auto start = std::chrono::steady_clock::now();
    WaitResult result;
    do {
      result = TrackingPoller::wait(out, 0ns);
    } while (result == WaitResult{} &&
             (!timeout || std::chrono::steady_clock::now() - start < *timeout));
    return result;
  }
};

class NoneIsForgotten final : public TrackingPoller {
 public:
  using TrackingPoller::TrackingPoller;
  std::error_code modify(int fd, Token token, Interest interest,
                         Trigger trigger) noexcept override {
    if (interest == Interest::none) return TrackingPoller::remove(fd);
    return TrackingPoller::modify(fd, token, interest, trigger);
  }
};

class NoneIsIgnored final : public TrackingPoller {
 public:
  using TrackingPoller::TrackingPoller;
  std::error_code modify(int fd, Token token, Interest interest,
                         Trigger trigger) noexcept override {
    if (interest == Interest::none) return {};
    return TrackingPoller::modify(fd, token, interest, trigger);
  }
};

class NoneIsNoRegistration final : public TrackingPoller {
 public:
  using TrackingPoller::TrackingPoller;
  std::error_code add(int fd, Token token, Interest interest, Trigger trigger) noexcept override {
    if (interest == Interest::none && fd >= 0) return {};
    return TrackingPoller::add(fd, token, interest, trigger);
  }
};

}  // namespace

void add_unasked_faults(BrokenPollers& all) {
  using enum Base;
  all.insert(
      all.end(),
      {
          broken<SaysMore<always_writable>>(
              "writable_for_ever", best, "select(2) on sockets whose buffer is full",
              {{"Ready2WriterIsWritableWhileThereIsRoom", "silence was expected"},
               {"Ready8PipeWithoutReaderIsWritable", "silence was expected"},
               {"Ready16ConnectUnderWayIsSilent", "silence was expected"}}),
          broken<SaysMore<writable_before_the_outcome>>(
              "connect_is_told_too_early", plain, "a socket that is writable while it connects",
              {{"Ready16ConnectUnderWayIsSilent", "silence was expected"}}),
          broken<SaysMore<half_close_for_writers>>(
              "half_close_rouses_writers", best, "POLLRDHUP asked for together with POLLOUT",
              {{"Ready18PeerThatOnlyHalfClosedCostsAWriterNothing", "silence was expected"}}),
          broken<SaysMore<end_before_the_first_writer>>(
              "fifo_ends_before_it_began", best, "POLLHUP of a FIFO that nobody has opened",
              {{"Ready10FifoFollowsItsWriters", "silence was expected"}}),
          broken<AddsFlags<readable_unasked>>(
              "readable_unasked", plain, "axboe/liburing#310: bits that nobody asked for",
              {{"Ready14OnlyWhatWasAskedForIsReported", "writable"}}),
          broken<AddsFlags<read_closed_for_writers>>(
              "read_closed_for_writers", best, "EPOLLRDHUP for whatever interest",
              {{"Ready3HalfCloseIsReadableAndNoHangup", "read_closed"}}),
          broken<SaysMore<ordinary_as_priority>>(
              "ordinary_data_is_urgent", best,
              "EV_OOBAND that fires for all data; libuv/libuv#3947",
              {{"Prio1OrdinaryDataIsNoPriority", "silence was expected"}}),
          broken<AddsFlags<urgent_unasked>>(
              "urgent_data_unasked", best, "EPOLLPRI asked for always",
              {{"Prio4UrgentDataIsNeverReportedUnasked", "priority"}}),
          broken<AddsFlags<urgent_as_error>>("urgent_data_is_an_error", plain,
                                             "programs that look for unknown bits",
                                             {{"Prio4UrgentDataIsNeverReportedUnasked", "error"}}),
          broken<SaysMore<errors_of_none>>(
              "none_hears_errors", best, "POLLHUP and POLLERR; compio-rs/compio#195",
              {{"None1InterestNoneIsSilentAboutEverything", "silence was expected"},
               {"None2ModifyToNoneSilencesWhatIsReady", "silence was expected"}}),
          broken<SaysMore<readable_of_none>>(
              "none_hears_data", plain, "interest none that is taken for a default",
              {{"None1InterestNoneIsSilentAboutEverything", "silence was expected"},
               {"None3InterestNoneKeepsTheRegistration", "silence was expected"}}),
          broken<SpinsOnNone>("spins_on_none", plain,
                              "POLLHUP that is thrown away and asked for again",
                              {{"None1InterestNoneIsSilentAboutEverything", "spins"}}),
          broken<NoneIsForgotten>(
              "none_is_forgotten", best, "EV_DELETE in the place of EV_DISABLE",
              {"None2ModifyToNoneSilencesWhatIsReady", "None3InterestNoneKeepsTheRegistration"}),
          broken<NoneIsIgnored>("none_is_ignored", best, "an empty set of flags as no change",
                                {{"None2ModifyToNoneSilencesWhatIsReady", "silence was expected"}}),
          broken<NoneIsNoRegistration>("none_is_no_registration", plain,
                                       "nothing to wait for, nothing to register",
                                       {"None3InterestNoneKeepsTheRegistration",
                                        "Add3RegularFileIsRefused", "Add6SecondAddIsRefused"}),
          broken<SaysMore<sweep>>("sweeps_on_a_timer", plain,
                                  "a sweep for what signals have missed",
                                  {{"None5NothingToDoCostsNothing", "swept"}}),
          broken<SaysMore<end_of_sending_for_readers>>(
              "end_of_sending_is_the_end", best, "EV_EOF of the writer's filter; libuv/libuv#3277",
              {{"Ready19PeerThatReadsNoMoreIsNotTheEnd", "silence was expected"},
               {"Ready20OwnHalfCloseIsNoHangup", "silence was expected"}}),
          broken<SaysMore<end_for_urgent_data>>(
              "urgent_interest_hears_the_end", plain, "POLLHUP unasked; libuv/libuv#4597",
              {{"Prio7InterestInUrgentDataAloneIsSilentAboutTheEnd", "silence was expected"}}),
      });
}

}  // namespace polymux::test
