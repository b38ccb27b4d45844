#include "platform/completion_ring.hpp"

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "platform/sockets.hpp"
#include "socket_fixture.hpp"

namespace polymux {
namespace {

using namespace std::chrono_literals;
using Tag = CompletionRing::Tag;

constexpr std::size_t piece = 4096;

class CompletionRingTest : public ::testing::TestWithParam<Receiving> {
 protected:
  void SetUp() override {
    std::error_code error;
    ring = open_completion_ring(piece, error, GetParam());
    if (!ring) GTEST_SKIP() << error.message();
  }

  /// The next completion, which must come.
  CompletionRing::Completion next() {
    CompletionRing::Completion done;
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    while (!ring->take(done)) {
      EXPECT_FALSE(ring->enter());
      if (std::chrono::steady_clock::now() > deadline) {
        ADD_FAILURE() << "nothing was completed";
        break;
      }
    }
    return done;
  }

  bool is_silent() {
    CompletionRing::Completion done;
    EXPECT_FALSE(ring->enter());
    return !ring->take(done);
  }

  std::unique_ptr<CompletionRing> ring;
};

std::string name_of(const ::testing::TestParamInfo<Receiving>& info) {
  return info.param == Receiving::as_the_kernel_can ? "AsTheKernelCan" : "APieceARequest";
}

INSTANTIATE_TEST_SUITE_P(Receiving, CompletionRingTest,
                         ::testing::Values(Receiving::as_the_kernel_can,
                                           Receiving::a_piece_a_request),
                         name_of);

TEST_P(CompletionRingTest, ARequestReceivesNoMoreThanItWasAskedFor) {
  for (const std::size_t most : {piece, piece + 1, 2 * piece + 100, 3 * piece}) {
    const SocketPair pair;
    write_text(pair.far.get(), std::string(4 * piece, 'x'));
    std::size_t count = 0;

    ring->receive(pair.near.get(), most, 7);

    CompletionRing::Completion done;
    do {
      done = next();
      ASSERT_EQ(done.tag, 7U);
      ASSERT_GT(done.result, 0);
      ASSERT_EQ(done.bytes.size(), static_cast<std::size_t>(done.result));
      EXPECT_EQ(std::string(done.bytes.begin(), done.bytes.end()),
                std::string(done.bytes.size(), 'x'));
      count += done.bytes.size();
      ring->give_back(done.bytes);
    } while (done.has_more);
    EXPECT_GT(count, 0U);
    EXPECT_LE(count, most);
    EXPECT_EQ(read_now(pair.near.get()).size(), 4 * piece - count);
  }
}

TEST_P(CompletionRingTest, TheEndOfTheStreamEndsTheRequest) {
  SocketPair pair;
  write_text(pair.far.get(), "last");
  pair.far.reset();
  std::string heard;

  for (int result = 1; result > 0;) {
    ring->receive(pair.near.get(), piece, 7);
    for (auto is_more = true; is_more;) {
      const auto done = next();
      heard.append(done.bytes.begin(), done.bytes.end());
      result = done.result;
      is_more = done.has_more;
    }
  }

  EXPECT_EQ(heard, "last");
}

TEST_P(CompletionRingTest, WithoutMemoryLeftItSaysSoUntilSomeIsGivenBack) {
  const SocketPair pair;
  std::vector<std::span<char>> held;
  int result = 0;
  // There is an end to it.
  for (int count = 0; count < 10'000 && result != -ENOBUFS; ++count) {
    write_text(pair.far.get(), "x");
    ring->receive(pair.near.get(), piece, 7);
    const auto done = next();
    result = done.result;
    if (done.bytes.data() != nullptr) held.push_back(done.bytes);
  }
  ASSERT_EQ(result, -ENOBUFS);

  for (const auto bytes : held) ring->give_back(bytes);

  ring->receive(pair.near.get(), piece, 7);
  EXPECT_EQ(next().result, 1);
}

TEST_P(CompletionRingTest, ThereIsRoomForSoManyRequestsUntilTheyAreHandedOver) {
  const SocketPair pair;
  int count = 0;
  for (; ring->has_room() && count < 100'000; ++count) ring->cancel(1, 2);
  ASSERT_FALSE(ring->has_room());
  EXPECT_TRUE(ring->needs_enter());

  EXPECT_FALSE(ring->enter());

  EXPECT_TRUE(ring->has_room());
  for (; count > 0; --count) EXPECT_EQ(next().result, -ENOENT);
}

TEST_P(CompletionRingTest, WhatCannotBeAnsweredIsNotTaken) {
  ring->cancel(1, 2);
  ASSERT_FALSE(ring->enter());
  while (ring->has_room()) ring->cancel(1, 3);

  CompletionRing::Completion done;
  EXPECT_FALSE(ring->take(done));
  EXPECT_TRUE(ring->has_news());

  EXPECT_FALSE(ring->enter());
  EXPECT_TRUE(ring->take(done));
  EXPECT_EQ(done.tag, 2U);
}

TEST_P(CompletionRingTest, ShuttingDownEndsWhatIsUnderWay) {
  const SocketPair pair;
  ASSERT_EQ(::fcntl(pair.near.get(), F_SETFL, O_NONBLOCK), 0);
  const std::string block(std::size_t{1} << 20, 'x');
  while (send_some(pair.near.get(), block) > 0) {
  }
  ring->receive(pair.near.get(), piece, 7);
  ring->send(pair.near.get(), block, CompletionRing::Patience::waits_for_room, 8);
  ASSERT_TRUE(is_silent());

  shut_down(pair.near.get());

  std::map<Tag, int> results;
  while (results.size() < 2) {
    const auto done = next();
    results[done.tag] = done.result;
  }
  EXPECT_EQ(results, (std::map<Tag, int>{{7, 0}, {8, -EPIPE}}));
}

TEST_P(CompletionRingTest, WithoutPatienceASendIsOverAtOnce) {
  const SocketPair pair;
  ASSERT_EQ(::fcntl(pair.near.get(), F_SETFL, O_NONBLOCK), 0);
  const std::string block(std::size_t{1} << 20, 'x');
  while (send_some(pair.near.get(), block) > 0) {
  }

  ring->send(pair.near.get(), block, CompletionRing::Patience::none, 8);
  ASSERT_FALSE(ring->enter());

  CompletionRing::Completion done;
  ASSERT_TRUE(ring->take(done));
  EXPECT_EQ(done.result, -EAGAIN);
}

TEST_P(CompletionRingTest, ACancelledRequestHasItsLastCompletion) {
  const SocketPair pair;
  ring->receive(pair.near.get(), piece, 7);
  ASSERT_TRUE(is_silent());

  ring->cancel(7, 8);

  std::map<Tag, int> results;
  while (results.size() < 2) {
    const auto done = next();
    EXPECT_FALSE(done.has_more);
    results[done.tag] = done.result;
  }
  EXPECT_EQ(results, (std::map<Tag, int>{{7, -ECANCELED}, {8, 0}}));
}

TEST_P(CompletionRingTest, TheEndCompletesWhatIsUnderWayAndForgetsTheRest) {
  const SocketPair asked;
  const SocketPair forgotten;
  ring->receive(asked.near.get(), piece, 7);
  ASSERT_TRUE(is_silent());
  ring->receive(forgotten.near.get(), piece, 8);

  ring->end();

  CompletionRing::Completion done;
  ASSERT_TRUE(ring->take(done));
  EXPECT_EQ(done.tag, 7U);
  EXPECT_EQ(done.result, -ECANCELED);
  EXPECT_FALSE(ring->take(done));
}

TEST_P(CompletionRingTest, ItsDescriptorIsReadableWhenSomethingIsDoneUnlessQuiet) {
  const SocketPair pair;
  const auto is_readable = [&](int patience) {
    pollfd entry{.fd = ring->fd(), .events = POLLIN, .revents = 0};
    return ::poll(&entry, 1, patience) == 1;
  };
  ring->receive(pair.near.get(), piece, 7);
  ASSERT_TRUE(is_silent());
  ring->acknowledge();
  ASSERT_FALSE(is_readable(0));

  write_text(pair.far.get(), "x");
  EXPECT_TRUE(is_readable(5000));
  EXPECT_EQ(next().result, 1);
  ring->acknowledge();

  ring->set_quiet(true);
  ring->receive(pair.near.get(), piece, 7);
  ASSERT_TRUE(is_silent());
  write_text(pair.far.get(), "x");
  EXPECT_FALSE(is_readable(0));
  ring->set_quiet(false);
  EXPECT_TRUE(ring->has_news());
}

}  // namespace
}  // namespace polymux
