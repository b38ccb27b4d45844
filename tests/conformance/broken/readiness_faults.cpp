// Faults of what is reported for what happened: hints dropped, ends and errors that reach nobody.

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstddef>
#include <utility>

#include "tests/conformance/broken/broken_poller.hpp"
#include "tests/conformance/broken/tracking_poller.hpp"

namespace polymux::test {
namespace {

constexpr Ready both = Ready::readable | Ready::writable;

Ready without(Ready ready, Ready flag) {
  return static_cast<Ready>(static_cast<unsigned>(ready) & ~static_cast<unsigned>(flag));
}

int waiting_bytes(int fd) {
  int count = 0;
  return ::ioctl(fd, FIONREAD, &count) == 0 ? count : 0;
}

int socket_option(int fd, int option) {
  int value = 0;
  socklen_t length = sizeof value;
  return ::getsockopt(fd, SOL_SOCKET, option, &value, &length) == 0 ? value : 0;
}

/// Changes each event, or drops it: `Change` is given the event and what is known of its number.
template <bool Change(Event&, int, Tracked&)>
class ChangesEvents final : public EditingPoller {
 public:
  using EditingPoller::EditingPoller;

 private:
  bool edit(Event& event) override {
    const int fd = number_of(event.token);
    auto* entry = tracked(fd);
    return entry == nullptr || Change(event, fd, *entry);
  }
};

bool no_listener(Event& /*event*/, int fd, Tracked& /*entry*/) {
  return socket_option(fd, SO_ACCEPTCONN) == 0;
}

bool no_writable(Event& event, int /*fd*/, Tracked& /*entry*/) {
  event.ready = without(event.ready, Ready::writable);
  return event.ready != Ready::none;
}

bool half_close_as_hangup(Event& event, int /*fd*/, Tracked& /*entry*/) {
  if (contains(event.ready, Ready::read_closed)) event.ready |= Ready::hangup;
  return true;
}

bool half_close_as_error(Event& event, int /*fd*/, Tracked& /*entry*/) {
  if (contains(event.ready, Ready::read_closed)) event.ready |= Ready::error;
  return true;
}

bool no_read_closed(Event& event, int /*fd*/, Tracked& /*entry*/) {
  event.ready = without(event.ready, Ready::read_closed);
  return true;
}

bool no_silent_end(Event& event, int fd, Tracked& /*entry*/) {
  return !contains(event.ready, Ready::read_closed) || waiting_bytes(fd) > 0;
}

bool end_once(Event& event, int /*fd*/, Tracked& entry) {
  const bool is_end = contains(event.ready, Ready::read_closed);
  return !is_end || entry.mark++ == 0;
}

bool hangup_alone(Event& event, int /*fd*/, Tracked& /*entry*/) {
  if (contains(event.ready, Ready::hangup)) event.ready = without(event.ready, both);
  return true;
}

bool no_hangup(Event& event, int /*fd*/, Tracked& /*entry*/) {
  event.ready = without(event.ready, Ready::hangup);
  return true;
}

bool error_alone(Event& event, int /*fd*/, Tracked& /*entry*/) {
  if (contains(event.ready, Ready::error)) event.ready = Ready::error;
  return true;
}

bool no_error(Event& event, int /*fd*/, Tracked& /*entry*/) {
  event.ready = without(event.ready, Ready::error);
  return true;
}

bool error_for_readers(Event& event, int /*fd*/, Tracked& entry) {
  return !contains(event.ready, Ready::error) || contains(entry.interest, Interest::read);
}

bool taken_error(Event& event, int fd, Tracked& /*entry*/) {
  if (contains(event.ready, Ready::error)) static_cast<void>(socket_option(fd, SO_ERROR));
  return true;
}

bool no_pipe_error(Event& event, int fd, Tracked& /*entry*/) {
  return !contains(event.ready, Ready::error) || type_of(fd) != S_IFIFO;
}

bool no_pipe_end(Event& event, int fd, Tracked& /*entry*/) {
  const bool is_end = contains(event.ready, Ready::hangup) && waiting_bytes(fd) == 0;
  return !is_end || type_of(fd) != S_IFIFO;
}

bool no_empty_datagram(Event& event, int fd, Tracked& /*entry*/) {
  const bool is_error = contains(event.ready, Ready::error);
  return is_error || socket_type_of(fd) != SOCK_DGRAM || waiting_bytes(fd) > 0;
}

bool no_datagram_error(Event& event, int fd, Tracked& /*entry*/) {
  return !contains(event.ready, Ready::error) || socket_type_of(fd) != SOCK_DGRAM;
}

bool no_terminal_end(Event& event, int fd, Tracked& /*entry*/) {
  return !contains(event.ready, Ready::hangup) || type_of(fd) != S_IFCHR;
}

bool urgent_as_readable(Event& event, int /*fd*/, Tracked& /*entry*/) {
  if (contains(event.ready, Ready::priority)) {
    event.ready = without(event.ready, Ready::priority) | Ready::readable;
  }
  return true;
}

bool urgent_once(Event& event, int /*fd*/, Tracked& entry) {
  return !contains(event.ready, Ready::priority) || entry.mark++ == 0;
}

bool news_as_error(Event& event, int fd, Tracked& /*entry*/) {
  const bool is_urgent = contains(event.ready, Ready::priority);
  if (is_urgent && (poll_bits_of(fd, POLLPRI) & POLLERR) != 0) event.ready |= Ready::error;
  return true;
}

bool urgent_without_readable(Event& event, int /*fd*/, Tracked& /*entry*/) {
  if (contains(event.ready, Ready::priority)) event.ready = Ready::priority;
  return true;
}

bool no_urgent_after_the_end(Event& event, int fd, Tracked& /*entry*/) {
  return !contains(event.ready, Ready::priority) || (poll_bits_of(fd, 0) & POLLHUP) == 0;
}

bool queued_error_without_socket_error(Event& event, int fd, Tracked& /*entry*/) {
  const bool is_error = contains(event.ready, Ready::error) && socket_type_of(fd) == SOCK_DGRAM;
  return !is_error || socket_option(fd, SO_ERROR) != 0;
}

}  // namespace

void add_readiness_faults(BrokenPollers& all) {
  using enum Base;
  all.insert(
      all.end(),
      {
          broken<ChangesEvents<no_listener>>(
              "listener_is_silent", best, "a filter that counts bytes, and a listener has none",
              {{"Ready1ListenerIsReadableWithAConnectionToAccept", "no readable"}}),
          broken<ChangesEvents<no_writable>>(
              "forgets_the_write_filter", best, "one of two filters that is not registered",
              {{"Ready2WriterIsWritableWhileThereIsRoom", "no writable"},
               {"Ready20FullSocketThatItsOwnerShutIsWritableOnceThereIsRoom", "no writable"},
               {"Ready16ConnectIsWritableOnceItsOutcomeIsKnown", "no writable"},
               {"Mod7NarrowedInterestIsSilentAboutTheRest", "no writable"},
               {"Ready16SocketThatWasAddedTooEarlyIsToldOfTheOutcome", "no writable"}}),
          broken<ChangesEvents<half_close_as_hangup>>(
              "half_close_is_a_hangup", best, "EV_EOF as the end of all; libevent/libevent#984",
              {{"Ready3HalfCloseIsReadableAndNoHangup", "hangup"}}),
          broken<ChangesEvents<half_close_as_error>>(
              "half_close_is_an_error", plain, "unknown bits that are taken for a failure",
              {{"Ready3HalfCloseIsReadableAndNoHangup", "error"}}),
          broken<ChangesEvents<no_read_closed>>(
              "half_close_is_not_told", plain, "poll(2) without POLLRDHUP; tokio-rs/mio#939",
              {{"Ready3HalfCloseIsReadableAndNoHangup", "read_closed"}}),
          broken<ChangesEvents<no_silent_end>>(
              "end_is_silent", best, "an end without data that wakes nobody",
              {{"Ready3HalfCloseIsReadableAndNoHangup", "no readable"},
               {"Ready4EndOfStreamComesAfterTheData", "no readable"},
               {"Ready21OwnEndOfReadingIsTheEndOfTheStream", "no readable"}}),
          broken<ChangesEvents<end_once>>("end_is_told_once", best,
                                          "EV_EOF while bytes wait; nanomsg/nng#687",
                                          {{"Ready4EndOfStreamComesAfterTheData", "no readable"}}),
          broken<ChangesEvents<hangup_alone>>(
              "hangup_comes_alone", plain, "POLLHUP without POLLIN; tokio-rs/mio#941",
              {{"Ready5BothDirectionsDoneIsEverythingAskedFor", "no readable"},
               {"Ready9PipeWithoutWriterIsReadable", "no readable"},
               {"Ready10FifoFollowsItsWriters", "no readable"},
               {"Ready13HungUpTerminalReachesEveryInterest", "no readable"},
               {"Ready13MasterLearnsThatTheTerminalIsClosed", "no readable"}}),
          broken<ChangesEvents<no_hangup>>(
              "drops_hangup", best, "a backend without POLLHUP; libevent/libevent#1038",
              {{"Ready5BothDirectionsDoneIsEverythingAskedFor", "hangup for token"},
               {"Ready9PipeWithoutWriterIsReadable", "hangup for token"},
               {"Ready10FifoFollowsItsWriters", "hangup for token"},
               {"Ready13HungUpTerminalReachesEveryInterest", "hangup for token"},
               {"Ready13MasterLearnsThatTheTerminalIsClosed", "hangup for token"}}),
          broken<ChangesEvents<error_alone>>(
              "error_comes_alone", plain, "POLLERR alone; libuv/libuv#4447",
              {{"Ready6ResetReachesEveryInterest", "no readable"},
               {"Ready7RefusedConnectReachesEveryInterest", "no readable"},
               {"Ready8PipeWithoutReaderIsWritable", "no writable"},
               {"Ready12ErrorOfADatagramReachesEveryInterest", "no readable"}}),
          broken<ChangesEvents<no_error>>(
              "drops_error", best, "a backend without POLLERR",
              {{"Ready6ResetReachesEveryInterest", "error for token"},
               {"Ready7RefusedConnectReachesEveryInterest", "error for token"},
               {"Ready8PipeWithoutReaderIsWritable", "error for token"},
               {"Ready12ErrorOfADatagramReachesEveryInterest", "error for token"},
               {"Add15PipeWithoutReaderIsAccepted", "error for token"}}),
          broken<ChangesEvents<error_for_readers>>(
              "error_is_for_readers", best, "an error that only the read filter tells",
              {{"Ready6ResetReachesEveryInterest", "no writable"},
               {"Ready7RefusedConnectReachesEveryInterest", "no writable"},
               {"Ready12ErrorOfADatagramReachesEveryInterest", "no writable"}}),
          broken<ChangesEvents<taken_error>>(
              "takes_the_error", best, "SO_ERROR asked by the library; tornadoweb/tornado#223",
              {{"Ready6ResetReachesEveryInterest", "read_error"},
               {"Ready7RefusedConnectReachesEveryInterest", "take_socket_error"},
               {"Ready12ErrorOfADatagramReachesEveryInterest", "read_error"},
               {"Ready17DataThenResetEndsWithOneError", "errors"}}),
          broken<ChangesEvents<no_pipe_error>>(
              "broken_pipe_is_silent", plain, "POLLERR without POLLOUT that is not looked at",
              {{"Ready8PipeWithoutReaderIsWritable", "no writable"},
               {"Add15PipeWithoutReaderIsAccepted", "no writable"}}),
          broken<ChangesEvents<no_pipe_end>>("last_writer_leaves_in_silence", best,
                                             "FIFOs under kqueue on macOS; golang/go#24164",
                                             {{"Ready9PipeWithoutWriterIsReadable", "no readable"},
                                              {"Ready10FifoFollowsItsWriters", "no readable"}}),
          broken<ChangesEvents<no_empty_datagram>>(
              "empty_datagram_is_silent", best, "a filter that counts bytes",
              {{"Ready11EmptyDatagramIsReadable", "no readable"}}),
          broken<ChangesEvents<no_datagram_error>>(
              "datagram_error_is_silent", plain, "ICMP answers that nobody hears of",
              {{"Ready12ErrorOfADatagramReachesEveryInterest", "no readable"},
               {"Ready22QueuedErrorHoldsUntilItIsTaken", "no readable"}}),
          broken<ChangesEvents<no_terminal_end>>(
              "terminal_hangup_is_silent", best, "POLLHUP alone, for terminals",
              {{"Ready13HungUpTerminalReachesEveryInterest", "no readable"},
               {"Ready13MasterLearnsThatTheTerminalIsClosed", "no readable"}}),
          broken<ChangesEvents<urgent_as_readable>>(
              "urgent_data_is_readable", best, "libuv/libuv#3947",
              {{"Prio1UrgentDataIsReportedAsPriority", "no priority"}}),
          broken<ChangesEvents<urgent_once>>("urgent_data_is_told_once", plain,
                                             "POLLPRI that ends by itself",
                                             {{"Prio2PriorityHoldsUntilItIsRead", "no priority"}}),
          broken<ChangesEvents<news_as_error>>("news_is_an_error", plain,
                                               "kernfs_generic_poll of Linux; poll.c of libuv",
                                               {"Prio5NewsOfTheKernelIsNoError"}),
          broken<ChangesEvents<urgent_without_readable>>(
              "urgent_data_hides_the_rest", best, "a filter that looks at the separate byte alone",
              {{"Prio6UrgentDataInLineIsBoth", "no readable|priority"}}),
          broken<ChangesEvents<no_urgent_after_the_end>>(
              "end_hides_urgent_data", best, "POLLHUP that is looked at first",
              {{"Prio7UrgentDataIsToldThoughTheEndHasCome", "no priority"}}),
          broken<ChangesEvents<queued_error_without_socket_error>>(
              "queued_error_is_silent", best, "SO_ERROR that is believed; libuv/libuv#4447",
              {{"Ready22QueuedErrorHoldsUntilItIsTaken", "no readable"}}),
      });
}

}  // namespace polymux::test
