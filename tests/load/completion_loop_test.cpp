#include "apps/polymux/load/completion_loop.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "platform/unique_fd.hpp"
#include "tests/support/fake_ring.hpp"

namespace load {
namespace {

using namespace std::chrono_literals;
using polymux::CompletionRing;
using polymux::UniqueFd;
using polymux::test::FakeRing;
using Request = polymux::test::RingRequest;
using Kind = Request::Kind;
using Tag = CompletionRing::Tag;

/// Keeps what it is told.
struct Listener final : CompletionLoop::Owner {
  void on_received(std::span<const char> bytes, Instant /*now*/) override {
    received.append(bytes.data(), bytes.size());
  }
  void on_sent(std::size_t count) override { sent.push_back(count); }
  void on_end() override {
    has_ended = true;
    if (when_told) when_told();
  }
  void on_failure(const std::error_code& error) override {
    failure = error;
    if (when_told) when_told();
  }

  std::function<void()> when_told;

  std::string received;
  std::vector<std::size_t> sent;
  bool has_ended = false;
  std::error_code failure{};
};

class CompletionLoopTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto made = std::make_unique<FakeRing>();
    ring = made.get();
    completions = std::make_unique<CompletionLoop>(loop, std::move(made));
    ASSERT_FALSE(completions->start());
    std::array<int, 2> fds{-1, -1};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, fds.data()), 0);
    far.reset(fds[1]);
    link = completions->open(owner, UniqueFd(fds[0]));
  }
  void TearDown() override {
    if (link) completions->close(std::move(link));
  }

  void turn() { ASSERT_FALSE(loop.run_once(1s)); }
  /// Has the kernel done so, and the loop told of it.
  void complete(Tag tag, int result, bool has_more = false, std::span<char> bytes = {}) {
    ring->complete(tag, result, has_more, bytes);
    turn();
  }
  /// The request to receive, handed over.
  Tag receive() {
    EXPECT_FALSE(completions->receive(*link));
    turn();
    return only(Kind::receive).tag;
  }
  Request send(const std::string& bytes) {
    EXPECT_FALSE(completions->send(*link, bytes));
    turn();
    return only(Kind::send);
  }
  void close() {
    completions->close(std::move(link));
    turn();
  }
  Request only(Kind kind) {
    const auto requests = ring->handed_over(kind);
    EXPECT_EQ(requests.size(), 1U);
    return requests.empty() ? Request{} : requests.front();
  }
  /// The other end sees that the socket is closed.
  [[nodiscard]] bool is_closed() const {
    char byte = 0;
    return ::recv(far.get(), &byte, 1, MSG_DONTWAIT) == 0;
  }

  polymux::EventLoop loop{polymux::open_poller().poller};
  FakeRing* ring = nullptr;
  std::unique_ptr<CompletionLoop> completions;
  Listener owner;
  UniqueFd far;
  std::unique_ptr<CompletionLoop::Link> link;
};

TEST_F(CompletionLoopTest, WhatIsAskedInATurnIsHandedOverTogether) {
  EXPECT_FALSE(completions->receive(*link));
  EXPECT_FALSE(completions->send(*link, std::string_view("abc")));
  EXPECT_EQ(ring->enters, 0);
  turn();

  EXPECT_EQ(ring->enters, 1);
  EXPECT_EQ(only(Kind::send).bytes, "abc");
  EXPECT_EQ(ring->handed_over(Kind::receive).size(), 1U);
}

TEST_F(CompletionLoopTest, WhereThereIsNoRoomItHandsOverAtOnce) {
  ring->room = 1;

  EXPECT_FALSE(completions->receive(*link));
  EXPECT_FALSE(completions->send(*link, std::string_view("abc")));

  EXPECT_EQ(ring->enters, 1);
  EXPECT_EQ(ring->handed_over(Kind::receive).size(), 1U);
}

TEST_F(CompletionLoopTest, WithoutRoomAndMemoryARequestIsRefused) {
  ring->room = 1;
  ring->enter_error = std::make_error_code(std::errc::not_enough_memory);

  EXPECT_FALSE(completions->receive(*link));

  EXPECT_EQ(completions->send(*link, std::string_view("abc")), std::errc::not_enough_memory);
  ring->enter_error = {};
}

TEST_F(CompletionLoopTest, WhatCouldNotBeHandedOverIsTriedAgain) {
  ring->enter_error = std::make_error_code(std::errc::resource_unavailable_try_again);
  EXPECT_FALSE(completions->receive(*link));
  turn();
  EXPECT_TRUE(ring->handed_over(Kind::receive).empty());

  ring->enter_error = {};
  turn();

  EXPECT_EQ(ring->handed_over(Kind::receive).size(), 1U);
}

TEST_F(CompletionLoopTest, BytesAreToldAndGivenBack) {
  const auto tag = receive();
  std::string bytes = "ABC";

  complete(tag, 3, true, bytes);

  EXPECT_EQ(owner.received, "ABC");
  EXPECT_EQ(ring->given_back, 1);
  EXPECT_TRUE(ring->handed_over(Kind::receive).empty()) << "it goes on by itself";
}

TEST_F(CompletionLoopTest, ReceivingThatEndsWithoutAReasonIsAskedAgain) {
  std::string bytes = "A";
  for (const int result : {1, -ENOBUFS, -EINTR}) {
    const auto tag = result == 1 ? receive() : only(Kind::receive).tag;
    complete(tag, result, false, result == 1 ? std::span<char>(bytes) : std::span<char>());
  }

  EXPECT_EQ(ring->handed_over(Kind::receive).size(), 1U);
  EXPECT_EQ(owner.received, "A");
  EXPECT_FALSE(owner.failure);
}

TEST_F(CompletionLoopTest, WhatWasSentIsTold) {
  const auto first = send("abc");
  EXPECT_TRUE(link->is_sending);
  complete(first.tag, 2);
  EXPECT_FALSE(link->is_sending);
  complete(send("c").tag, -EAGAIN);

  EXPECT_EQ(owner.sent, (std::vector<std::size_t>{2, 0}));
}

TEST_F(CompletionLoopTest, TheEndIsTold) {
  const auto tag = receive();
  owner.when_told = [this] { completions->close(std::move(link)); };

  complete(tag, 0);

  EXPECT_TRUE(owner.has_ended);
  EXPECT_TRUE(is_closed());
}

TEST_F(CompletionLoopTest, AFailureIsToldOfEitherRequest) {
  owner.when_told = [this] { completions->close(std::move(link)); };
  const auto sent = send("abc").tag;
  const auto received = receive();

  complete(sent, -EPIPE);
  EXPECT_EQ(owner.failure, std::errc::broken_pipe);
  EXPECT_FALSE(is_closed()) << "the kernel still receives";
  complete(received, -ECONNRESET);

  EXPECT_EQ(owner.failure, std::errc::broken_pipe) << "nobody is told of what was closed";
  complete(only(Kind::cancel).tag, -ENOENT);
  EXPECT_TRUE(is_closed());
}

TEST_F(CompletionLoopTest, ASocketStaysOpenUntilTheKernelLetsGo) {
  const auto tag = receive();

  close();
  const auto cancel = only(Kind::cancel);
  EXPECT_EQ(cancel.what, tag);
  complete(cancel.tag, 0);
  EXPECT_FALSE(is_closed());
  complete(tag, -ECANCELED);

  EXPECT_TRUE(is_closed());
}

TEST_F(CompletionLoopTest, WhatCouldNotBeEndedIsEndedAgain) {
  const auto tag = receive();
  close();

  complete(only(Kind::cancel).tag, -EALREADY);
  const auto again = only(Kind::cancel);
  EXPECT_EQ(again.what, tag);
  complete(tag, -ECANCELED);
  complete(again.tag, 0);

  EXPECT_TRUE(is_closed());
}

TEST_F(CompletionLoopTest, BothRequestsAreEnded) {
  const auto sent = send("abc").tag;
  const auto received = receive();

  close();

  const auto cancels = ring->handed_over(Kind::cancel);
  ASSERT_EQ(cancels.size(), 2U);
  EXPECT_EQ(cancels[0].what, received);
  EXPECT_EQ(cancels[1].what, sent);
}

// To end all at once takes the kernel the square of their number.
TEST_F(CompletionLoopTest, AtTheEndEachRequestIsEndedByItself) {
  constexpr std::size_t many = 20;
  std::size_t ended = 0;
  ring->when_ended = [&](FakeRing& one) { ended = one.handed_over(Kind::cancel).size(); };
  std::vector<std::unique_ptr<CompletionLoop::Link>> links;
  while (links.size() < many) {
    std::array<int, 2> fds{-1, -1};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, fds.data()), 0);
    const UniqueFd other(fds[1]);
    links.push_back(completions->open(owner, UniqueFd(fds[0])));
    ASSERT_FALSE(completions->receive(*links.back()));
  }
  turn();

  for (auto& each : links) completions->close(std::move(each));
  completions->close(std::move(link));
  completions.reset();

  EXPECT_EQ(ended, many);
}

TEST_F(CompletionLoopTest, WhatComesAfterwardsIsGivenBackAndNotTold) {
  const auto tag = receive();
  std::string bytes = "ABC";
  close();

  complete(tag, 3, true, bytes);

  EXPECT_EQ(owner.received, "");
  EXPECT_EQ(ring->given_back, 1);
}

}  // namespace
}  // namespace load
