#include "core/models/completion_pool.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <functional>
#include <polymux/service/toupper_service.hpp>
#include <string>

#include "loop_fixture.hpp"
#include "tests/support/fake_ring.hpp"

namespace polymux {
namespace {

using namespace std::chrono_literals;
using test::FakeRing;
using Kind = FakeRing::Kind;

/// A pool, and the other end of its one client. The ring does what the test says.
class CompletionPoolTest : public LoopTest {
 protected:
  void SetUp() override { pool.use(ring); }

  /// A client that has sent so much by the time when it is accepted. Returns the near end.
  int admit(const std::string& sent = {}) {
    std::array<int, 2> fds{-1, -1};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, fds.data()), 0);
    client.reset(fds[1]);
    EXPECT_EQ(::send(client.get(), sent.data(), sent.size(), 0), static_cast<ssize_t>(sent.size()));
    pool.admit(UniqueFd(fds[0]));
    pool.ask();
    return fds[0];
  }
  FakeRing::Tag receiving() {
    EXPECT_FALSE(ring.enter());
    const auto requests = ring.handed_over(Kind::receive);
    EXPECT_EQ(requests.size(), 1U);
    return requests.empty() ? 0 : requests.front().tag;
  }
  void run_until(const std::function<bool()>& is_over) {
    while (!is_over()) ASSERT_FALSE(loop.run_once(10ms));
  }
  /// The client has been told that nothing more comes.
  [[nodiscard]] bool was_shut() const {
    char byte = 0;
    return ::recv(client.get(), &byte, 1, MSG_DONTWAIT) == 0;
  }

  FakeRing ring;
  ToupperService upper;
  CompletionPool pool{loop, upper, {}, {[] {}, [] {}, [] {}}};
  UniqueFd client;
};

TEST_F(CompletionPoolTest, WhoIsSilentWhenItDrainsIsLetGo) {
  static_cast<void>(admit());
  static_cast<void>(receiving());

  pool.begin_drain();

  run_until([&] { return was_shut(); });
}

// A thread of POSIX AIO has read what the client has sent, and the signal that tells of it is late.
TEST_F(CompletionPoolTest, WhoseBytesAreOnTheirWayIsNotSilentWhenItDrains) {
  pool.begin_drain();
  const int near = admit("late");
  const auto tag = receiving();
  std::array<char, 4> bytes{};
  ASSERT_EQ(::read(near, bytes.data(), bytes.size()), 4);

  // Who is silent is let go in a third of that.
  const auto end = std::chrono::steady_clock::now() + 350ms;
  run_until([&] { return std::chrono::steady_clock::now() >= end; });
  EXPECT_FALSE(was_shut());
  pool.complete({.tag = tag, .result = 4, .has_more = false, .bytes = bytes});

  EXPECT_FALSE(ring.enter());
  const auto answers = ring.handed_over(Kind::send);
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers.front().bytes, "LATE");
}

}  // namespace
}  // namespace polymux
