#include "platform/completion_ring.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/models/aio_completions.hpp"
#include "core/models/simulated_completions.hpp"
#include "core/service/open_listeners.hpp"
#include "loop_fixture.hpp"
#include "platform/async_io.hpp"
#include "platform/descriptors.hpp"
#include "platform/sockets.hpp"
#include "socket_fixture.hpp"

namespace polymux {
namespace {

using namespace std::chrono_literals;
using Tag = CompletionRing::Tag;

constexpr std::size_t piece = 4096;

/// Who completes: io_uring, in either of the ways that it receives, threads, or readiness.
enum class Way : std::uint8_t { uring, uring_by_pieces, aio, simulated };

std::ostream& operator<<(std::ostream& out, Way way) {
  constexpr std::array names{"uring", "uring_by_pieces", "aio", "simulated"};
  return out << names[static_cast<std::size_t>(way)];
}

/// As a server's sockets are.
struct NonBlockingPair : SocketPair {
  NonBlockingPair() { EXPECT_FALSE(set_nonblocking(near.get())); }
};

class CompletionRingTest : public LoopTest, public ::testing::WithParamInterface<Way> {
 protected:
  void SetUp() override {
    std::error_code error;
    ring = open(error);
    if (!ring) GTEST_SKIP() << error.message();
  }

  std::unique_ptr<CompletionRing> open(std::error_code& error) {
    switch (GetParam()) {
      case Way::uring:
        return open_completion_ring(piece, error);
      case Way::uring_by_pieces:
        return open_completion_ring(piece, error, Receiving::a_piece_a_request);
      case Way::aio:
        return open_aio(error);
      default:
        return std::make_unique<SimulatedCompletions>(loop, piece, [this] { was_told = true; });
    }
  }

  std::unique_ptr<CompletionRing> open_aio(std::error_code& error) {
    constexpr std::size_t most_sockets = 20;
    auto aio =
        std::make_unique<AioCompletions>(loop, piece, most_sockets, [this] { was_told = true; });
    error = async_io::why_missing() == nullptr
                ? aio->open()
                : std::make_error_code(std::errc::function_not_supported);
    if (error) return nullptr;
    return aio;
  }

  /// The next completion, which must come.
  CompletionRing::Completion next() {
    CompletionRing::Completion done;
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    while (!ring->take(done)) {
      advance();
      if (std::chrono::steady_clock::now() > deadline) {
        ADD_FAILURE() << "nothing was completed";
        break;
      }
    }
    return done;
  }

  /// Has what can be done at this moment done.
  void advance() {
    turn();
    EXPECT_FALSE(ring->enter());
  }

  bool is_silent() {
    CompletionRing::Completion done;
    advance();
    advance();
    return !ring->take(done);
  }

  /// Of something to take, within so many milliseconds.
  bool is_told(int patience) {
    if (ring->fd() < 0) {
      EXPECT_FALSE(loop.run_once(std::chrono::milliseconds(patience)));
      return std::exchange(was_told, false);
    }
    pollfd entry{.fd = ring->fd(), .events = POLLIN, .revents = 0};
    return ::poll(&entry, 1, patience) == 1;
  }

  void acknowledge() {
    ring->acknowledge();
    was_told = false;
  }

  static Listener listen_anywhere() {
    std::vector<Listener> opened;
    EXPECT_TRUE(open_listeners("127.0.0.1:0", opened));
    return std::move(opened.front());
  }

  std::unique_ptr<CompletionRing> ring;
  bool was_told = false;
};

INSTANTIATE_TEST_SUITE_P(Ways, CompletionRingTest,
                         ::testing::Values(Way::uring, Way::uring_by_pieces, Way::aio,
                                           Way::simulated),
                         ::testing::PrintToStringParamName());

TEST_P(CompletionRingTest, ARequestReceivesNoMoreThanItWasAskedFor) {
  for (const std::size_t most : {piece, piece + 1, 2 * piece + 100, 3 * piece}) {
    const NonBlockingPair pair;
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
    ring->forget(pair.near.get());
  }
}

TEST_P(CompletionRingTest, TheEndOfTheStreamEndsTheRequest) {
  NonBlockingPair pair;
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
  const NonBlockingPair pair;
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
  const NonBlockingPair pair;
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
  const NonBlockingPair pair;
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
  const NonBlockingPair pair;
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
  // A thread that waits cannot be called back.
  if (GetParam() == Way::aio) GTEST_SKIP() << "aio_cancel(3) answers AIO_NOTCANCELED";
  const NonBlockingPair pair;
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
  const NonBlockingPair asked;
  const NonBlockingPair forgotten;
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
  const NonBlockingPair pair;
  ring->receive(pair.near.get(), piece, 7);
  ASSERT_TRUE(is_silent());
  acknowledge();
  ASSERT_FALSE(is_told(0));

  write_text(pair.far.get(), "x");
  EXPECT_TRUE(is_told(5000));
  EXPECT_EQ(next().result, 1);
  acknowledge();

  ring->set_quiet(true);
  ring->receive(pair.near.get(), piece, 7);
  ASSERT_TRUE(is_silent());
  write_text(pair.far.get(), "x");
  EXPECT_FALSE(is_told(0));
  for (int turns = 0; turns < 1000 && !ring->has_news(); ++turns) {
    EXPECT_FALSE(loop.run_once(5ms));
  }
  EXPECT_FALSE(is_told(0));
  ring->set_quiet(false);
  EXPECT_TRUE(ring->has_news());
}

TEST_P(CompletionRingTest, RousedItTells) {
  ring->rouse();

  EXPECT_TRUE(is_told(5000));
}

TEST_P(CompletionRingTest, NothingIsDoneBeforeItIsHandedOver) {
  const NonBlockingPair pair;
  write_text(pair.far.get(), "x");

  ring->receive(pair.near.get(), piece, 7);
  ring->send(pair.near.get(), std::string_view("y"), CompletionRing::Patience::none, 8);

  CompletionRing::Completion done;
  EXPECT_FALSE(ring->take(done));
  EXPECT_EQ(read_now(pair.far.get()), "");
  next();
  next();
  EXPECT_EQ(read_now(pair.far.get()), "y");
}

TEST_P(CompletionRingTest, ClientsAreAcceptedUntilThatIsCancelled) {
  const auto gate = listen_anywhere();
  ring->accept(gate.socket.get(), 7);
  std::vector<UniqueFd> ends;
  for (int count = 0; count < 200; ++count) {
    ends.push_back(connect_to(gate.address));
    const auto done = next();
    ASSERT_EQ(done.tag, 7U);
    ASSERT_GE(done.result, 0);
    ASSERT_TRUE(done.has_more);
    ends.emplace_back(done.result);
    EXPECT_TRUE(has_flag(done.result, F_GETFL, O_NONBLOCK));
    EXPECT_TRUE(has_flag(done.result, F_GETFD, FD_CLOEXEC));
  }

  ring->cancel(7, 8);

  std::map<Tag, int> results;
  while (results.size() < 2) {
    const auto done = next();
    results[done.tag] = done.result;
  }
  EXPECT_EQ(results, (std::map<Tag, int>{{7, -ECANCELED}, {8, 0}}));
  ends.push_back(connect_to(gate.address));
  EXPECT_TRUE(is_silent());
}

TEST_P(CompletionRingTest, ThoseWhoComeAtOnceAreAllAccepted) {
  const auto gate = listen_anywhere();
  std::vector<UniqueFd> ends;
  for (int count = 0; count < 200; ++count) ends.push_back(connect_to(gate.address));

  ring->accept(gate.socket.get(), 7);

  for (int count = 0; count < 200; ++count) {
    const auto done = next();
    ASSERT_GE(done.result, 0);
    ends.emplace_back(done.result);
  }
  EXPECT_TRUE(is_silent());
}

TEST_P(CompletionRingTest, TheNumberOfOneThatIsForgottenCanBeUsedAnew) {
  for (int count = 0; count < 10; ++count) {
    const NonBlockingPair pair;
    ring->receive(pair.near.get(), piece, 7);
    ASSERT_TRUE(is_silent());
    write_text(pair.far.get(), "x");
    const auto done = next();
    ASSERT_EQ(done.result, 1);
    ring->give_back(done.bytes);
    ring->forget(pair.near.get());
  }
}

TEST_P(CompletionRingTest, WhatIsNoDescriptorFails) {
  const NonBlockingPair pair;
  const int closed = next_number();
  ring->receive(closed, piece, 7);
  EXPECT_EQ(next().result, -EBADF);
}

TEST_P(CompletionRingTest, TwoDirectionsOfASocketDoNotWaitForEachOther) {
  const NonBlockingPair pair;
  const std::string block(std::size_t{1} << 20, 'x');
  while (send_some(pair.near.get(), block) > 0) {
  }
  ring->receive(pair.near.get(), piece, 7);
  ring->send(pair.near.get(), block, CompletionRing::Patience::waits_for_room, 8);
  ASSERT_TRUE(is_silent());

  write_text(pair.far.get(), "x");
  const auto received = next();
  EXPECT_EQ(received.tag, 7U);
  EXPECT_EQ(received.result, 1);

  ring->receive(pair.near.get(), piece, 7);
  ASSERT_TRUE(is_silent());
  CompletionRing::Completion sent;
  // Threads send all of it, the others what there is room for.
  for (int looks = 0; looks < 10'000 && !ring->take(sent); ++looks) {
    static_cast<void>(read_now(pair.far.get()));
    EXPECT_FALSE(loop.run_once(1ms));
    EXPECT_FALSE(ring->enter());
  }
  EXPECT_EQ(sent.tag, 8U);
  EXPECT_GT(sent.result, 0);
}

TEST_P(CompletionRingTest, WhoIsNotAskedForAnythingCostsNothing) {
  const NonBlockingPair pair;
  ring->receive(pair.near.get(), piece, 7);
  ASSERT_TRUE(is_silent());
  write_text(pair.far.get(), "x");
  ring->give_back(next().bytes);
  // It is readable all the time, and nobody has asked.
  write_text(pair.far.get(), "y");
  advance();
  advance();
  acknowledge();

  EXPECT_FALSE(is_told(50));
}

}  // namespace
}  // namespace polymux
