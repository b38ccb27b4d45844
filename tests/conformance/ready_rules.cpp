#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <initializer_list>
#include <string>

#include "tests/conformance/conformance_test.hpp"
#include "tests/support/processes.hpp"

namespace polymux::test {
namespace {

using namespace std::chrono_literals;

constexpr auto both = Interest::read | Interest::write;

class ReadyRules : public ConformanceTest {
 protected:
  /// Registers `fd`, expects what it is asked for to be ready with `hints` beside it, and removes
  /// it. Returns what was said.
  Ready expect_directions(const Fd& fd, Interest interest, Ready hints = Ready::none) {
    SCOPED_TRACE("interest " + to_string(interest));
    add(fd, Token{1}, interest);
    const auto ready = expect_ready(Token{1}, as_ready(interest) | hints);
    expect_well_formed(ready, interest);
    EXPECT_TRUE(succeeded(poller().remove(fd.get())));
    return ready;
  }

  /// What holds for every event, whatever it reports (READY-14, READY-15).
  void expect_well_formed(Ready ready, Interest interest) {
    const auto asked = as_ready(interest);
    const auto told = ready & (Ready::readable | Ready::writable);
    EXPECT_EQ(told & asked, told) << to_string(ready) << " for interest " << to_string(interest);
    EXPECT_NE(told, Ready::none) << to_string(ready) << " names no direction";
    if (contains(ready, Ready::read_closed)) {
      EXPECT_TRUE(contains(interest, Interest::read) && capabilities().read_closed);
    }
    if (contains(ready, Ready::hangup)) {
      EXPECT_TRUE(capabilities().hangup);
      EXPECT_EQ(told, asked) << "a hang-up is about all that was asked for";
    }
    if (contains(ready, Ready::error)) {
      EXPECT_TRUE(capabilities().error);
      EXPECT_EQ(told, asked) << "an error is about all that was asked for";
    }
  }

  static int read_error(const Fd& fd) {
    char byte = 0;
    return ::read(fd.get(), &byte, 1) < 0 ? errno : 0;
  }
};
POLYMUX_FOR_EVERY_SUBJECT(ReadyRules);

TEST_P(ReadyRules, Ready1ListenerIsReadableWithAConnectionToAccept) {
  const Listener listener;
  EXPECT_TRUE(succeeded(poller().add(listener.get(), Token{1}, Interest::read)));
  expect_silence();

  const auto client = listener.begin_connect();

  EXPECT_EQ(expect_ready(Token{1}, Ready::readable), Ready::readable);
  const auto accepted = listener.accept();
  expect_silence();
}

TEST_P(ReadyRules, Ready2WriterIsWritableWhileThereIsRoom) {
  auto [near, far] = connected_pair();
  auto [reader, writer] = open_pipe();
  const std::array<std::array<const Fd*, 2>, 2> ways{{{&near, &far}, {&writer, &reader}}};
  for (const auto& [from, to] : ways) {
    add(*from, Token{1}, Interest::write);
    EXPECT_EQ(expect_ready(Token{1}, Ready::writable), Ready::writable);

    const auto sent = fill(*from);
    expect_silence();

    std::size_t received = 0;
    while (received < sent && is_ready_for(*to, POLLIN)) received += drain(*to).size();
    EXPECT_EQ(expect_ready(Token{1}, Ready::writable), Ready::writable);
    EXPECT_TRUE(succeeded(poller().remove(from->get())));
  }
}

TEST_P(ReadyRules, Ready3HalfCloseIsReadableAndNoHangup) {
  for (auto make : {connected_pair, socket_pair}) {
    auto [near, far] = make();
    shut_down_writing(far);
    ASSERT_TRUE(is_ready_for(near, POLLIN));

    const auto ready = expect_directions(near, Interest::read, hint(Ready::read_closed));
    EXPECT_FALSE(contains(ready, Ready::hangup)) << to_string(ready);
    EXPECT_FALSE(contains(ready, Ready::error)) << to_string(ready);
    expect_directions(near, both, hint(Ready::read_closed));
    EXPECT_EQ(expect_directions(near, Interest::write), Ready::writable);

    send(near, "the other way is open");
    ASSERT_TRUE(is_ready_for(far, POLLIN));
    EXPECT_EQ(drain(far), "the other way is open");
  }
}

TEST_P(ReadyRules, Ready4EndOfStreamComesAfterTheData) {
  for (auto make : {connected_pair, socket_pair}) {
    auto [near, far] = make();
    const std::string data(48 * 1024, 'd');
    add(near, Token{1}, Interest::read);
    send(far, data);
    far.reset();

    std::string received;
    for (std::array<char, 4096> block;;) {
      ASSERT_TRUE(contains(expect_ready(Token{1}, Ready::readable), Ready::readable));
      const auto got = ::read(near.get(), block.data(), block.size());
      ASSERT_GE(got, 0) << errno;
      if (got == 0) break;
      received.append(block.data(), static_cast<std::size_t>(got));
    }

    EXPECT_EQ(received.size(), data.size());
    EXPECT_TRUE(contains(expect_ready(Token{1}, Ready::readable), Ready::readable)) << "level";
    EXPECT_TRUE(succeeded(poller().remove(near.get())));
  }
}

TEST_P(ReadyRules, Ready5BothDirectionsDoneIsEverythingAskedFor) {
  auto tcp = connected_pair();
  shut_down_writing(tcp.far);
  shut_down_writing(tcp.near);
  ASSERT_TRUE(is_ready_for(tcp.near, POLLHUP));
  auto local = socket_pair();
  local.far.reset();
  ASSERT_TRUE(is_ready_for(local.near, POLLHUP));

  for (const auto interest : directions) {
    expect_directions(tcp.near, interest, hint(Ready::hangup));
    expect_directions(local.near, interest, hint(Ready::hangup));
  }
}

TEST_P(ReadyRules, Ready6ResetReachesEveryInterest) {
  for (const auto interest : directions) {
    auto [near, far] = connected_pair();
    add(near, Token{1}, interest);
    if (interest == Interest::read) expect_silence(20ms);

    reset_connection(far);

    const auto ready = expect_ready(Token{1}, as_ready(interest) | hint(Ready::error));
    expect_well_formed(ready, interest);
    EXPECT_EQ(read_error(near), ECONNRESET) << to_string(interest);
    EXPECT_TRUE(succeeded(poller().remove(near.get())));
  }
}

TEST_P(ReadyRules, Ready7RefusedConnectReachesEveryInterest) {
  const RefusingPort port;
  for (const auto interest : directions) {
    const auto client = port.begin_connect();

    expect_directions(client, interest, hint(Ready::error));

    EXPECT_EQ(take_socket_error(client), ECONNREFUSED) << to_string(interest);
    EXPECT_EQ(take_socket_error(client), 0) << "why is said once";
  }
}

TEST_P(ReadyRules, Ready8PipeWithoutReaderIsWritable) {
  auto [reader, writer] = open_pipe();
  fill(writer);
  add(writer, Token{1}, Interest::write);
  expect_silence(20ms);

  reader.reset();

  expect_well_formed(expect_ready(Token{1}, Ready::writable | hint(Ready::error)), Interest::write);
  const SignalHandler handler(SIGPIPE, SIG_IGN);
  EXPECT_EQ(::write(writer.get(), "x", 1), -1);
  EXPECT_EQ(errno, EPIPE);
}

TEST_P(ReadyRules, Ready9PipeWithoutWriterIsReadable) {
  auto [reader, writer] = open_pipe();
  send(writer, "last");
  writer.reset();

  const auto with_data = expect_directions(reader, Interest::read);
  EXPECT_TRUE(contains(with_data, Ready::readable));
  EXPECT_EQ(drain(reader), "last");

  expect_directions(reader, Interest::read, hint(Ready::hangup));
  EXPECT_EQ(read_error(reader), 0) << "end of file";
}

TEST_P(ReadyRules, Ready10FifoFollowsItsWriters) {
  const Fifo fifo;
  const auto reader = fifo.open_reader();
  if (!add_if_served(reader, Token{1}, Interest::read)) {
    GTEST_SKIP() << "this kernel's multiplexer does not take the reader of a FIFO";
  }
  expect_silence(30ms);
  for (int round = 0; round < 2; ++round) {
    auto writer = fifo.open_writer();
    expect_silence(30ms);

    send(writer, "x");
    EXPECT_EQ(expect_ready(Token{1}, Ready::readable), Ready::readable);
    EXPECT_EQ(drain(reader), "x");
    expect_silence(30ms);

    writer.reset();
    expect_well_formed(expect_ready(Token{1}, Ready::readable | hint(Ready::hangup)),
                       Interest::read);
    EXPECT_EQ(read_error(reader), 0) << "end of file";
  }
}

TEST_P(ReadyRules, Ready11EmptyDatagramIsReadable) {
  auto [near, far] = udp_pair();
  add(near, Token{1}, Interest::read);
  expect_silence(20ms);

  ASSERT_EQ(::send(far.get(), "", 0, 0), 0);

  EXPECT_EQ(expect_ready(Token{1}, Ready::readable), Ready::readable);
  char byte = 0;
  EXPECT_EQ(::recv(near.get(), &byte, 1, 0), 0);
  expect_silence(20ms);
  send(far, "y");
  EXPECT_EQ(expect_ready(Token{1}, Ready::readable), Ready::readable);
}

TEST_P(ReadyRules, Ready12ErrorOfADatagramReachesEveryInterest) {
  for (const auto interest : directions) {
    const auto udp = udp_to_nobody();
    send(udp.socket, "is anybody there");
    if (!is_ready_for(udp.socket, POLLERR)) GTEST_SKIP() << "no ICMP error comes back here";

    expect_directions(udp.socket, interest, hint(Ready::error));

    if (interest == Interest::read) {
      EXPECT_EQ(read_error(udp.socket), ECONNREFUSED);
    } else {
      EXPECT_EQ(take_socket_error(udp.socket), ECONNREFUSED) << to_string(interest);
    }
    add(udp.socket, Token{1}, Interest::read);
    expect_silence(20ms);
  }
}

TEST_P(ReadyRules, Ready13HungUpTerminalReachesEveryInterest) {
  for (const auto interest : directions) {
    auto [terminal, master] = open_pty();
    add(terminal, Token{1}, interest);
    if (interest == Interest::read) expect_silence(20ms);

    master.reset();

    expect_well_formed(expect_ready(Token{1}, as_ready(interest) | hint(Ready::hangup)), interest);
    EXPECT_TRUE(succeeded(poller().remove(terminal.get())));
  }
}

TEST_P(ReadyRules, Ready13MasterLearnsThatTheTerminalIsClosed) {
  auto [terminal, master] = open_pty();
  send(terminal, "bye");
  terminal.reset();
  add(master, Token{1}, Interest::read);

  expect_ready(Token{1}, Ready::readable);
  EXPECT_EQ(drain(master), "bye");

  expect_well_formed(expect_ready(Token{1}, Ready::readable | hint(Ready::hangup)), Interest::read);
}

TEST_P(ReadyRules, Ready14OnlyWhatWasAskedForIsReported) {
  auto [near, far] = connected_pair();
  send(far, "x");
  shut_down_writing(far);
  ASSERT_TRUE(is_ready_for(near, POLLIN));

  add(near, Token{1}, Interest::write);
  EXPECT_EQ(look(poller()).ready(Token{1}), Ready::writable);
  fill(near);
  expect_silence();

  modify(near, Token{2}, Interest::read);
  expect_well_formed(expect_ready(Token{2}, Ready::readable), Interest::read);
}

TEST_P(ReadyRules, Ready15HintsComeOnlyWhereTheyArePromised) {
  const auto promised = Ready::readable | Ready::writable | hint(Ready::read_closed) |
                        hint(Ready::hangup) | hint(Ready::error);
  auto reset = connected_pair();
  reset_connection(reset.far);
  auto closed = socket_pair();
  closed.far.reset();
  const RefusingPort port;
  const auto refused = port.begin_connect();
  for (const Fd* fd : std::initializer_list<const Fd*>{&reset.near, &closed.near, &refused}) {
    ASSERT_TRUE(is_ready_for(*fd, POLLHUP));
    add(*fd, Token{1}, both);
    const auto ready = look(poller()).ready(Token{1});
    EXPECT_EQ(ready & promised, ready) << to_string(ready);
    EXPECT_TRUE(succeeded(poller().remove(fd->get())));
  }
}

TEST_P(ReadyRules, Ready16ConnectIsWritableOnceItsOutcomeIsKnown) {
  const Listener listener;
  const auto client = listener.begin_connect();

  EXPECT_EQ(expect_directions(client, Interest::write), Ready::writable);

  EXPECT_EQ(take_socket_error(client), 0);
  sockaddr_storage peer{};
  socklen_t size = sizeof peer;
  EXPECT_EQ(::getpeername(client.get(), reinterpret_cast<sockaddr*>(&peer), &size), 0);
}

TEST_P(ReadyRules, Ready16ConnectUnderWayIsSilent) {
  // A full backlog leaves a connection pending without an outcome.
  const Listener listener(0);
  std::array<Fd, 4> clients;
  for (auto& client : clients) client = listener.begin_connect();
  pollfd last{.fd = clients.back().get(), .events = POLLOUT, .revents = 0};
  if (::poll(&last, 1, 30) != 0) GTEST_SKIP() << "this system takes more than the backlog";

  add(clients.back(), Token{1}, both);

  expect_silence();
}

TEST_P(ReadyRules, Ready17DataThenResetEndsWithOneError) {
  auto [near, far] = connected_pair();
  add(near, Token{1}, Interest::read);
  send(far, "data");
  reset_connection(far);
  int errors = 0;
  for (int turn = 0; turn < 10; ++turn) {
    ASSERT_TRUE(contains(expect_ready(Token{1}, Ready::readable), Ready::readable));
    std::array<char, 64> block;
    const auto got = ::read(near.get(), block.data(), block.size());
    if (got == 0) break;
    if (got < 0 && errno == ECONNRESET) ++errors;
  }

  EXPECT_EQ(errors, 1);
}

TEST_P(ReadyRules, Ready18PeerThatOnlyHalfClosedCostsAWriterNothing) {
  // Half-closed, and it does not read: there is nothing to do for the writer.
  auto [near, far] = connected_pair();
  shut_down_writing(far);
  fill(near);
  add(near, Token{1}, Interest::write);

  expect_silence(150ms);
}

TEST_P(ReadyRules, Ready16SocketThatWasAddedTooEarlyIsToldOfTheOutcome) {
  const Listener listener;
  const auto client = tcp_socket();
  add(client, Token{1}, Interest::write, Trigger::oneshot);
  static_cast<void>(look(poller()));

  listener.begin_connect(client);
  ASSERT_TRUE(is_ready_for(client, POLLOUT));
  modify(client, Token{2}, Interest::write);

  EXPECT_EQ(expect_ready(Token{2}, Ready::writable), Ready::writable);
  EXPECT_EQ(take_socket_error(client), 0);
}

TEST_P(ReadyRules, Ready19PeerThatReadsNoMoreIsNotTheEnd) {
  auto [near, far] = socket_pair();
  shut_down_reading(far);

  EXPECT_EQ(expect_directions(near, Interest::write), Ready::writable);
  add(near, Token{1}, Interest::read);
  expect_silence();

  send(far, "still here");
  EXPECT_EQ(expect_ready(Token{1}, Ready::readable), Ready::readable);
  EXPECT_EQ(drain(near), "still here");
}

TEST_P(ReadyRules, Ready20OwnHalfCloseIsNoHangup) {
  for (auto make : {connected_pair, socket_pair}) {
    auto [near, far] = make();
    shut_down_writing(near);
    ASSERT_TRUE(is_ready_for(far, POLLIN));

    // A write would fail at once, and that is all there is to say.
    EXPECT_EQ(expect_directions(near, Interest::write), Ready::writable);
    add(near, Token{1}, Interest::read);
    expect_silence();

    send(far, "an answer");
    EXPECT_EQ(expect_ready(Token{1}, Ready::readable), Ready::readable);
    EXPECT_EQ(drain(near), "an answer");
    EXPECT_TRUE(succeeded(poller().remove(near.get())));
  }
}

TEST_P(ReadyRules, Ready20FullSocketThatItsOwnerShutIsWritableOnceThereIsRoom) {
  for (auto make : {connected_pair, socket_pair}) {
    auto [near, far] = make();
    add(near, Token{1}, Interest::write);
    EXPECT_EQ(expect_ready(Token{1}, Ready::writable), Ready::writable);
    const auto sent = fill(near);
    expect_silence();

    shut_down_writing(near);
    std::size_t received = 0;
    while (received < sent && is_ready_for(far, POLLIN)) received += drain(far).size();

    EXPECT_EQ(expect_ready(Token{1}, Ready::writable), Ready::writable);
    EXPECT_TRUE(succeeded(poller().remove(near.get())));
  }
}

TEST_P(ReadyRules, Ready21OwnEndOfReadingIsTheEndOfTheStream) {
  for (auto make : {connected_pair, socket_pair}) {
    auto [near, far] = make();
    add(near, Token{1}, Interest::read);
    expect_silence(20ms);

    shut_down_reading(near);
    modify(near, Token{1}, Interest::read);

    const auto ready = expect_ready(Token{1}, Ready::readable);
    expect_well_formed(ready, Interest::read);
    EXPECT_FALSE(contains(ready, Ready::hangup)) << to_string(ready);
    EXPECT_EQ(read_error(near), 0) << "end of file";
    EXPECT_TRUE(succeeded(poller().remove(near.get())));
  }
}

TEST_P(ReadyRules, Ready22QueuedErrorHoldsUntilItIsTaken) {
#ifdef IP_RECVERR
  for (const auto interest : directions) {
    const auto udp = udp_to_nobody();
    const int on = 1;
    ASSERT_EQ(::setsockopt(udp.socket.get(), IPPROTO_IP, IP_RECVERR, &on, sizeof on), 0);
    send(udp.socket, "is anybody there");
    if (!is_ready_for(udp.socket, POLLERR)) GTEST_SKIP() << "no ICMP error comes back here";
    EXPECT_EQ(take_socket_error(udp.socket), ECONNREFUSED);

    // The queue still has it.
    expect_directions(udp.socket, interest, hint(Ready::error));

    std::array<char, 512> control;
    std::array<char, 64> block;
    iovec data{.iov_base = block.data(), .iov_len = block.size()};
    msghdr message{};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    EXPECT_GE(::recvmsg(udp.socket.get(), &message, MSG_ERRQUEUE), 0);
    add(udp.socket, Token{1}, Interest::read);
    expect_silence(20ms);
  }
#else
  GTEST_SKIP() << "this system has no queue of errors (IP_RECVERR)";
#endif
}

}  // namespace
}  // namespace polymux::test

POLYMUX_SUITE_PART(ready_rules)
