// The rules of `add` about kinds of files: which are accepted, for which directions.

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <utility>

#include "tests/conformance/add_test.hpp"
#include "tests/conformance/registry.hpp"
#include "tests/support/processes.hpp"

namespace polymux::test {
namespace {

/// Of each kind of file that has readiness, both ends.
struct EveryKind {
  Pair tcp = connected_pair();
  Pair local = socket_pair();
  Pair message = datagram_pair();
  Pair udp = udp_pair();
  Pair terminal = open_pty();
  Pipe pipe = open_pipe();
  Fifo fifo;
  Fd fifo_reader = fifo.open_reader();
  Fd fifo_writer = fifo.open_writer();
};

class KindRules : public AddTest {};
POLYMUX_FOR_EVERY_SUBJECT(KindRules);

TEST_P(KindRules, Add2EveryKindThatHasReadinessIsAccepted) {
  const EveryKind every;
  const std::array<std::pair<const Fd*, const Fd*>, 8> kinds{
      {{&every.tcp.near, &every.tcp.far},
       {&every.local.near, &every.local.far},
       {&every.udp.near, &every.udp.far},
       {&every.message.near, &every.message.far},
       {&every.terminal.near, &every.terminal.far},
       {&every.terminal.far, &every.terminal.near},
       {&every.pipe.reader, &every.pipe.writer},
       {&every.fifo_reader, &every.fifo_writer}}};
  std::uint64_t token = 0;
  for (const auto& [fd, peer] : kinds) {
    if (!add_if_served(*fd, Token{++token}, Interest::read)) continue;

    send(*peer, "x");

    expect_ready(Token{token}, Ready::readable);
    EXPECT_EQ(drain(*fd), "x") << "kind " << token;
  }
}

TEST_P(KindRules, Add3RegularFileIsRefused) {
  const TemporaryDirectory directory;
  const auto file = open_file(directory.path() + "/file", O_RDWR | O_CREAT);
  ASSERT_TRUE(file);

  for (const auto interest : {Interest::none, Interest::read, Interest::write}) {
    expect_refused(file.get(), Errc::not_pollable, interest);
  }
}

TEST_P(KindRules, Add3DirectoryIsRefused) {
  const auto directory = open_file("/", O_RDONLY | O_DIRECTORY);
  ASSERT_TRUE(directory);

  for (const auto interest : {Interest::none, Interest::read}) {
    expect_refused(directory.get(), Errc::not_pollable, interest);
  }
}

TEST_P(KindRules, Add4DeviceWithoutReadinessIsRefused) {
  for (const std::string path : {"/dev/null", "/dev/zero"}) {
    const auto device = open_file(path, O_RDWR);
    if (!device) GTEST_SKIP() << path << " cannot be opened here";

    for (const auto interest : {Interest::none, Interest::read, Interest::write}) {
      SCOPED_TRACE(path);
      expect_refused(device.get(), Errc::not_pollable, interest);
    }
  }
}

TEST_P(KindRules, Add4DeviceWithReadinessIsAccepted) {
  // By its type it is as /dev/null is; the kernel alone knows.
  const auto device = open_file("/dev/random", O_RDONLY);
  if (!device) GTEST_SKIP() << "/dev/random cannot be opened here";
  const auto can_wait = [&](const BackendStatus& backend) {
    return backend.is_available() &&
           registry().can_wait_by_id(device.get(), *backend.id, Interest::read);
  };
  if (std::ranges::none_of(registry().available(), can_wait)) {
    GTEST_SKIP() << "this kernel cannot wait for /dev/random";
  }

  const auto error = poller().add(device.get(), Token{1}, Interest::read);

  EXPECT_TRUE(succeeded(error));
  EXPECT_EQ(expect_ready(Token{1}, Ready::readable), Ready::readable);
}

TEST_P(KindRules, Add5NameOfAFileIsNoOpenFile) {
#ifdef O_PATH
  const TemporaryDirectory directory;
  const auto path = open_file(directory.path(), O_PATH);
  ASSERT_TRUE(path);

  for (const auto interest : {Interest::none, Interest::read}) {
    expect_refused(path.get(), Errc::bad_descriptor, interest);
  }
#else
  GTEST_SKIP() << "this system opens no mere names (O_PATH)";
#endif
}

TEST_P(KindRules, Add7DirectionThatIsNotOpenIsRefused) {
  auto [reader, writer] = open_pipe();

  expect_refused(reader.get(), Errc::wrong_direction, Interest::write);
  expect_refused(reader.get(), Errc::wrong_direction, Interest::read | Interest::write);
  expect_refused(writer.get(), Errc::wrong_direction, Interest::read);

  expect_silence();
  add(reader, Token{1}, Interest::read);
  add(writer, Token{2}, Interest::write);
}

TEST_P(KindRules, Add7DirectionOfAFifoIsHeldTo) {
  const Fifo fifo;
  const auto reader = fifo.open_reader();
  const auto writer = fifo.open_writer();

  expect_refused(writer.get(), Errc::wrong_direction, Interest::read);
  expect_refused(reader.get(), Errc::wrong_direction, Interest::write);
}

TEST_P(KindRules, Add7DirectionOfATerminalIsHeldTo) {
  const auto pty = open_pty();
  const auto reader = open_file(name_of_terminal(pty.far), O_RDONLY | O_NOCTTY | O_NONBLOCK);
  const auto writer = open_file(name_of_terminal(pty.far), O_WRONLY | O_NOCTTY | O_NONBLOCK);
  ASSERT_TRUE(reader && writer);

  expect_refused(reader.get(), Errc::wrong_direction, Interest::write);
  expect_refused(writer.get(), Errc::wrong_direction, Interest::read);
}

TEST_P(KindRules, Add7UrgentDataIsReadAndRestingIsNeither) {
  auto [reader, writer] = open_pipe();

  if (capabilities().priority) {
    expect_refused(writer.get(), Errc::wrong_direction, Interest::priority);
  }
  add(reader, Token{1}, Interest::none);
  add(writer, Token{2}, Interest::none);
}

TEST_P(KindRules, Add15PipeWithoutReaderIsAccepted) {
  auto [reader, writer] = open_pipe();
  reader.reset();

  add(writer, Token{1}, Interest::write);

  expect_ready(Token{1}, Ready::writable | hint(Ready::error));
}

TEST_P(KindRules, Add16EachKindIsServedOrAnotherBackendTakesIt) {
  const Listener listener;
  const EveryKind every;
  const std::array<std::pair<int, Interest>, 11> kinds{
      {{listener.get(), Interest::read},
       {every.tcp.near.get(), Interest::write},
       {every.local.near.get(), Interest::write},
       {every.message.near.get(), Interest::read},
       {every.udp.near.get(), Interest::read},
       {every.terminal.near.get(), Interest::read},
       {every.terminal.far.get(), Interest::write},
       {every.pipe.reader.get(), Interest::read},
       {every.pipe.writer.get(), Interest::write},
       {every.fifo_reader.get(), Interest::read},
       {every.fifo_writer.get(), Interest::write}}};
  for (const auto& [number, interest] : kinds) {
    const auto error = poller().add(number, Token{1}, interest);
    if (!error) {
      EXPECT_TRUE(succeeded(poller().remove(number)));
      continue;
    }
    EXPECT_TRUE(is_error(error, Errc::refused_by_backend)) << "descriptor " << number;
    bool is_taken = false;
    for (const auto& other : registry().available()) {
      is_taken = is_taken ||
                 (other.is_available() && registry().can_wait_by_id(number, *other.id, interest));
    }
    EXPECT_TRUE(is_taken) << "no backend takes descriptor " << number;
  }
}

TEST_P(KindRules, Add16ControllingTerminalIsServedOrRefused) {
  auto [terminal, master] = open_pty();
  const auto name = name_of_terminal(master);

  const int failed_step = in_child([&, &terminal = terminal, &master = master] {
    if (::setsid() < 0 || ::ioctl(terminal.get(), TIOCSCTTY, 0) != 0) return 1;
    const auto alias = open_file("/dev/tty", O_RDWR | O_NONBLOCK);
    if (!alias) return 2;
    const auto own = open_another();
    if (!own) return 3;
    const auto error = own->add(alias.get(), Token{1}, Interest::read);
    if (error == Errc::refused_by_backend) return 0;
    if (error) return 4;
    std::array<Event, 4> buffer{};
    if (own->wait(buffer, std::chrono::milliseconds(20)).count != 0) return 5;
    send(master, "x");
    if (own->wait(buffer, bound()).count != 1) return 6;
    return buffer[0] == Event{Token{1}, Ready::readable} ? 0 : 7;
  });

  EXPECT_EQ(failed_step, 0);
}

}  // namespace
}  // namespace polymux::test

POLYMUX_SUITE_PART(kind_rules)
