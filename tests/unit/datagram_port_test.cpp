#include "core/models/datagram_port.hpp"

#include <sys/un.h>

#include <cstring>
#include <functional>
#include <optional>
#include <polymux/service/toupper_service.hpp>

#include "datagram_fixture.hpp"
#include "loop_fixture.hpp"

namespace polymux {
namespace {

using namespace std::chrono_literals;

// Answers nothing to what begins with "n", and to what begins with "l" more than there is room for.
class OddService final : public Service {
 public:
  std::span<const char> answer(std::span<char> bytes) noexcept override {
    if (bytes.front() == 'n') return {};
    if (bytes.front() == 'l') return long_;
    return text_;
  }

 private:
  std::string text_{"of the service"};
  std::string long_ = std::string(101, 'l');
};

class DatagramPortTest : public LoopTest {
 protected:
  void serve(Service& service, std::size_t longest = 100) {
    serve(service, open_datagram_socket_here(), longest);
  }
  void serve(Service& service, DatagramSocket socket, std::size_t longest) {
    work.emplace(DatagramWork{.service = service, .on_drained = [this] { ++drained; }});
    port.emplace(loop, *work, std::move(socket), longest);
    ASSERT_FALSE(port->open());
  }
  UniqueFd connect() { return datagram_client_of({.socket = {}, .address = port->address()}); }
  const ConnectionCounters& counters() { return work->counters; }

  void run_until(const std::function<bool()>& is_done) {
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    while (!is_done() && std::chrono::steady_clock::now() < deadline) {
      ASSERT_FALSE(loop.run_once(10ms));
    }
    ASSERT_TRUE(is_done());
  }

  ToupperService toupper;
  OddService odd;
  int drained = 0;
  std::optional<DatagramWork> work;
  std::optional<DatagramPort> port;
};

TEST_F(DatagramPortTest, EachIsAnsweredByOneAndCounted) {
  serve(toupper);
  const auto client = connect();
  write_text(client.get(), "abc");
  write_text(client.get(), "de");
  ASSERT_EQ(::send(client.get(), "", 0, 0), 0);

  turn();

  EXPECT_EQ(datagram_now(client), "ABC");
  EXPECT_EQ(datagram_now(client), "DE");
  EXPECT_EQ(datagram_now(client), "");
  EXPECT_EQ(datagram_now(client), "nothing");
  EXPECT_EQ(counters().datagrams_in, 3U);
  EXPECT_EQ(counters().datagrams_out, 3U);
  EXPECT_EQ(counters().bytes_in, 5U);
  EXPECT_EQ(counters().bytes_out, 5U);
}

TEST_F(DatagramPortTest, MoreThanOneCallTakes) {
  serve(toupper);
  const auto client = connect();
  constexpr int count = 100;
  for (int i = 0; i < count; ++i) write_text(client.get(), "x" + std::to_string(i));

  run_until([this] { return counters().datagrams_out == count; });

  for (int i = 0; i < count; ++i) EXPECT_EQ(datagram_now(client), "X" + std::to_string(i));
}

TEST_F(DatagramPortTest, WhatIsTooLongIsDroppedAndTheOthersAreAnswered) {
  serve(toupper, 4);
  const auto client = connect();
  for (const auto* const text : {"long one", "fits", "again too long", "a"}) {
    write_text(client.get(), text);
  }

  turn();

  EXPECT_EQ(datagram_now(client), "FITS");
  EXPECT_EQ(datagram_now(client), "A");
  EXPECT_EQ(datagram_now(client), "nothing");
  EXPECT_EQ(counters().datagrams_dropped, 2U);
  EXPECT_EQ(counters().datagrams_in, 4U);
}

TEST_F(DatagramPortTest, AnswersThatAreNotInPlaceTooLongOrNone) {
  serve(odd);
  const auto client = connect();
  for (const auto* const text : {"none", "a", "long", "a"}) write_text(client.get(), text);

  turn();

  EXPECT_EQ(datagram_now(client), "of the service");
  EXPECT_EQ(datagram_now(client), "of the service");
  EXPECT_EQ(datagram_now(client), "nothing");
  EXPECT_EQ(counters().datagrams_dropped, 1U);
}

// A Unix-domain socket blocks where its peer does not read and is refused where the peer has gone:
// what UDP does on a machine that is busy, at any time and for certain.
class BlockingPortTest : public DatagramPortTest {
 protected:
  struct Peer {
    TemporaryFolder folder;
    UniqueFd socket;

    Peer() : socket(::socket(AF_UNIX, SOCK_DGRAM, 0)) {
      const auto address = of(folder);
      EXPECT_EQ(::bind(socket.get(), address.get(), address.length()), 0);
    }
    [[nodiscard]] static SocketAddress of(const TemporaryFolder& folder) {
      return SocketAddress::of_unix({.kind = Endpoint::Kind::unix_file, .host = folder.file()});
    }
  };

  BlockingPortTest() {
    DatagramSocket socket;
    EXPECT_FALSE(open_datagram_socket(AF_UNIX, socket.socket));
    const auto address = Peer::of(folder_);
    EXPECT_EQ(::bind(socket.socket.get(), address.get(), address.length()), 0);
    serve(toupper, std::move(socket), 100);
  }

  void connect_to_port(const Peer& peer) {
    const auto address = Peer::of(folder_);
    ASSERT_EQ(::connect(peer.socket.get(), address.get(), address.length()), 0);
  }

  // Until the peer's queue of answers is full, and the port's too. How often that was.
  int ask_until_blocked(const Peer& peer) {
    int asked = 0;
    const auto fill = [&] {
      while (try_to_send(peer, "x" + std::to_string(asked))) ++asked;
    };
    run_until([&] {
      fill();
      return counters().backpressure == 1;
    });
    fill();
    return asked;
  }

  // True if the system took it.
  bool try_to_send(const Peer& peer, const std::string& text) {
    return ::send(peer.socket.get(), text.data(), text.size(), MSG_DONTWAIT) >= 0;
  }

 private:
  TemporaryFolder folder_;
};

TEST_F(BlockingPortTest, WhoDoesNotTakeAnswersIsNotReadFromAndLosesNone) {
  Peer peer;
  connect_to_port(peer);
  const int before = ask_until_blocked(peer);
  ASSERT_TRUE(port->interest() == Interest::write);
  turn();
  EXPECT_FALSE(try_to_send(peer, "the server takes nothing"));

  int answered = 0;
  run_until([&] {
    for (auto text = datagram_now(peer.socket); text != "nothing";
         text = datagram_now(peer.socket)) {
      EXPECT_EQ(text, "X" + std::to_string(answered++));
    }
    return answered == before;
  });

  EXPECT_TRUE(port->interest() == Interest::read);
  EXPECT_EQ(counters().datagrams_dropped, 0U);
}

TEST_F(BlockingPortTest, PeerThatHasGoneCostsItsOwnAnswersAlone) {
  Peer stays;
  connect_to_port(stays);
  {
    Peer goes;
    connect_to_port(goes);
    ASSERT_TRUE(try_to_send(goes, "a"));
    ASSERT_TRUE(try_to_send(goes, "b"));
  }
  ASSERT_TRUE(try_to_send(stays, "still"));

  turn();

  EXPECT_EQ(datagram_now(stays.socket), "STILL");
  EXPECT_EQ(counters().datagrams_dropped, 2U);
  EXPECT_EQ(counters().datagrams_out, 1U);
}

TEST_F(BlockingPortTest, DrainSendsWhatIsPendingBeforeItEnds) {
  Peer peer;
  connect_to_port(peer);
  const int asked = ask_until_blocked(peer);

  port->drain();
  turn();
  EXPECT_EQ(drained, 0);
  int answered = 0;
  run_until([&] {
    while (datagram_now(peer.socket) != "nothing") ++answered;
    return drained == 1 && answered == asked;
  });

  EXPECT_TRUE(port->is_done());
  EXPECT_FALSE(port->is_active());
}

TEST_F(DatagramPortTest, DrainAnswersWhatWaitsAndEnds) {
  serve(toupper);
  const auto client = connect();
  for (int i = 0; i < 40; ++i) write_text(client.get(), "a");

  port->drain();

  EXPECT_EQ(drained, 1);
  EXPECT_EQ(counters().datagrams_out, 40U);
  EXPECT_TRUE(port->is_done());
}

TEST_F(DatagramPortTest, DescriptorThatAnotherClosedIsRestedFor) {
  DatagramSocket socket = open_datagram_socket_here();
  const int number = socket.socket.get();
  serve(toupper, std::move(socket), 100);
  const auto client = connect();
  // As a program with a mistake does.
  const UniqueFd kept(::dup(number));
  ASSERT_EQ(::close(number), 0);
  write_text(client.get(), "a");

  run_until([this] { return !port->is_active(); });
  ASSERT_EQ(::dup2(kept.get(), number), number);
  run_until([this] { return counters().datagrams_out == 1; });

  EXPECT_EQ(datagram_now(client), "A");
}

}  // namespace
}  // namespace polymux
