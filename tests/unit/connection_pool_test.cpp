#include "core/service/connection_pool.hpp"

#include <functional>
#include <polymux/service/toupper_service.hpp>
#include <vector>

#include "loop_fixture.hpp"
#include "socket_fixture.hpp"

namespace polymux {
namespace {

using namespace std::chrono_literals;

// What an idle client costs, beside its registration; one more word is one more word for each.
static_assert(sizeof(Connection) <= 9 * sizeof(void*));

class ConnectionPoolTest : public LoopTest {
 protected:
  void open(const ConnectionOptions& options = {}) {
    pool.emplace(loop, service(), options, live, [this] { ++closed; });
  }

  virtual Service& service() { return toupper; }

  /// The far end of a connection that is served.
  UniqueFd connect() {
    SocketPair pair;
    EXPECT_FALSE(set_nonblocking(pair.near.get()));
    EXPECT_TRUE(CounterTable({&live, 1}).take_seat(0));
    EXPECT_FALSE(pool->admit(std::move(pair.near)));
    return std::move(pair.far);
  }

  void run_until(const std::function<bool()>& is_done) {
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    while (!is_done() && std::chrono::steady_clock::now() < deadline) {
      ASSERT_FALSE(loop.run_once(10ms));
    }
    ASSERT_TRUE(is_done());
  }

  ToupperService toupper;
  [[nodiscard]] ConnectionCounters counters() const { return live.read(); }

  int closed = 0;
  LiveCounters live;
  std::optional<ConnectionPool> pool;
};

TEST_F(ConnectionPoolTest, AnswersAndCounts) {
  open();
  const auto client = connect();
  write_text(client.get(), "abc");

  turn();

  EXPECT_EQ(read_now(client.get()), "ABC");
  EXPECT_EQ(counters().accepted, 1U);
  EXPECT_EQ(counters().active, 1U);
  EXPECT_EQ(counters().bytes_in, 3U);
  EXPECT_EQ(counters().bytes_out, 3U);
}

TEST_F(ConnectionPoolTest, EndOfStreamIsAnsweredThenClosed) {
  open();
  const auto client = connect();
  write_text(client.get(), "abc");
  ASSERT_EQ(::shutdown(client.get(), SHUT_WR), 0);

  turn();
  turn();

  EXPECT_EQ(read_now(client.get()), "ABC");
  EXPECT_TRUE(is_ended(client.get()));
  EXPECT_EQ(counters().active, 0U);
  EXPECT_EQ(counters().closed, 1U);
  EXPECT_EQ(closed, 1);
}

TEST_F(ConnectionPoolTest, WhoDoesNotReadIsNotReadFrom) {
  open({.max_buffer = 1000});
  const auto client = connect();
  ASSERT_FALSE(set_nonblocking(client.get()));
  const std::string much(std::size_t{8} << 20, 'a');
  std::size_t sent = 0;
  bool has_moved = true;
  while (has_moved) {
    const auto count = send_some(client.get(), much);
    has_moved = count > 0;
    sent += count;
    for (int turns = 0; turns < 100; ++turns) turn();
  }
  const auto before = counters();

  turn();

  EXPECT_GE(before.backpressure, 1U);
  EXPECT_EQ(counters().bytes_in, before.bytes_in);
  EXPECT_LE(before.bytes_in - before.bytes_out, 1000U);
  std::string answer;
  run_until([&] {
    answer += read_now(client.get());
    return answer.size() == sent;
  });
  EXPECT_EQ(answer, std::string(sent, 'A'));
}

TEST_F(ConnectionPoolTest, OneTurnOfOneClientEnds) {
  open({.max_buffer = 16});
  const auto client = connect();
  write_text(client.get(), std::string(1000, 'a'));

  turn();

  EXPECT_EQ(counters().bytes_in, 64U);
  run_until([&] { return counters().bytes_in == 1000; });
}

TEST_F(ConnectionPoolTest, BrokenConnectionIsCountedAndClosed) {
  open();
  auto client = connect();
  write_text(client.get(), "abc");
  turn();
  // Closing with unread bytes breaks the connection off.
  client.reset();

  turn();

  EXPECT_EQ(counters().resets, 1U);
  EXPECT_EQ(counters().active, 0U);
}

TEST_F(ConnectionPoolTest, IdleOnesTimeOutInTheOrderOfTheirLastActivity) {
  // Long enough that a busy machine does not let both time out before the first has its answer.
  open({.idle_timeout = 400ms});
  const auto start = std::chrono::steady_clock::now();
  const auto first = connect();
  const auto second = connect();
  ASSERT_FALSE(loop.run_once(200ms));
  write_text(first.get(), "a");
  turn();

  run_until([&] { return counters().active == 1; });
  EXPECT_GE(std::chrono::steady_clock::now() - start, 400ms);
  EXPECT_TRUE(is_ended(second.get()));
  EXPECT_EQ(read_now(first.get()), "A");
  run_until([&] { return pool->is_empty(); });

  EXPECT_GE(std::chrono::steady_clock::now() - start, 600ms);
  EXPECT_EQ(counters().idle_timeouts, 2U);
}

TEST_F(ConnectionPoolTest, WithoutATimeOutNobodyTimesOut) {
  open({.idle_timeout = 0ns});
  const auto client = connect();

  ASSERT_FALSE(loop.run_once(30ms));

  EXPECT_EQ(counters().active, 1U);
}

TEST_F(ConnectionPoolTest, LongestTimeOutDoesNotOverflow) {
  open({.idle_timeout = std::chrono::nanoseconds::max()});
  const auto client = connect();

  ASSERT_FALSE(loop.run_once(30ms));

  EXPECT_EQ(counters().active, 1U);
}

TEST_F(ConnectionPoolTest, DrainAnswersThenSaysGoodbyeThenCloses) {
  open();
  const auto client = connect();
  ASSERT_FALSE(loop.run_once(10ms));
  write_text(client.get(), "before");

  pool->begin_drain();
  turn();
  EXPECT_EQ(read_now(client.get()), "BEFORE");
  write_text(client.get(), "after");
  turn();
  EXPECT_EQ(read_now(client.get()), "AFTER");
  EXPECT_FALSE(is_ended(client.get()));
  run_until([&] { return is_ended(client.get()); });
  // The client has been told; what it says now is thrown away, and it ends the wait.
  write_text(client.get(), "too late");
  ASSERT_EQ(::shutdown(client.get(), SHUT_WR), 0);
  turn();
  turn();

  EXPECT_TRUE(pool->is_empty());
  EXPECT_EQ(counters().bytes_in, 11U);
}

TEST_F(ConnectionPoolTest, DrainWaitsForWhoDoesNotReadYet) {
  open();
  const auto client = connect();
  ASSERT_FALSE(set_nonblocking(client.get()));
  const std::string much(std::size_t{8} << 20, 'a');
  ASSERT_GT(send_some(client.get(), much), 0U);
  run_until([&] {
    const bool is_full = send_some(client.get(), "a") == 0;
    return counters().backpressure == 1 && is_full;
  });

  pool->begin_drain();
  ASSERT_FALSE(loop.run_once(250ms));

  EXPECT_EQ(counters().active, 1U);
  std::uint64_t answered = 0;
  run_until([&] {
    answered += read_now(client.get()).size();
    return is_ended(client.get());
  });
  EXPECT_EQ(answered, counters().bytes_in);
}

TEST_F(ConnectionPoolTest, CloseAllAndDestructionLeaveNobody) {
  open();
  const auto first = connect();
  pool->close_all();
  EXPECT_TRUE(is_ended(first.get()));
  EXPECT_EQ(closed, 1);
  const auto second = connect();

  pool.reset();

  EXPECT_TRUE(is_ended(second.get()));
}

TEST_F(ConnectionPoolTest, WhatCannotBeWatchedIsClosed) {
  open();

  EXPECT_TRUE(pool->admit(UniqueFd(::open("/dev/null", O_RDWR | O_CLOEXEC))));

  EXPECT_EQ(counters().active, 0U);
  EXPECT_EQ(counters().accepted, 0U);
}

/// Answers each piece with as much as it likes, out of its own memory.
class Verbose final : public Service {
 public:
  std::span<const char> answer(std::span<char> bytes) noexcept override {
    answer_.assign(bytes.size() * factor, 'v');
    return answer_;
  }

  std::size_t factor = 1;

 private:
  std::vector<char> answer_;
};

class OtherServiceTest : public ConnectionPoolTest {
 protected:
  Service& service() override { return verbose; }

  Verbose verbose;
};

TEST_F(OtherServiceTest, MayAnswerNothing) {
  verbose.factor = 0;
  open();
  const auto client = connect();
  write_text(client.get(), "abc");

  turn();

  EXPECT_EQ(read_now(client.get()), "");
  EXPECT_EQ(counters().active, 1U);
}

TEST_F(OtherServiceTest, MayAnswerMoreThanWasAsked) {
  verbose.factor = 10'000;
  open();
  const auto client = connect();
  write_text(client.get(), std::string(100, 'a'));
  std::size_t answered = 0;

  run_until([&] {
    answered += read_now(client.get()).size();
    return answered == 1'000'000;
  });

  EXPECT_EQ(counters().bytes_out, 1'000'000U);
}

}  // namespace
}  // namespace polymux
