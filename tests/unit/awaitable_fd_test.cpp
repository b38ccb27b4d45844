#include <array>
#include <memory>
#include <polymux/coroutine/awaitable_fd.hpp>
#include <polymux/coroutine/spawn.hpp>
#include <polymux/coroutine/task.hpp>
#include <string>

#include "coroutine_fixture.hpp"
#include "socket_fixture.hpp"
#include "tests/support/allocations.hpp"

namespace polymux {
namespace {

using namespace std::chrono_literals;

class AwaitableFdTest : public CoroutineTest {};

Task<std::error_code> wait_readable(int fd, TimeLimit limit) {
  co_return co_await readable(fd, limit);
}

Task<std::error_code> wait_writable(int fd, TimeLimit limit) {
  co_return co_await writable(fd, limit);
}

TEST_F(AwaitableFdTest, ReadableTellsThatItIsReadyOrThatTheTimeIsOver) {
  const Pipe pipe;
  const auto start = Clock::now();
  EXPECT_EQ(finish(spawn(loop, wait_readable(pipe.reader.get(), 20ms))), std::errc::timed_out);
  EXPECT_GE(Clock::now() - start, 20ms);

  auto waits = spawn(loop, wait_readable(pipe.reader.get(), 10s));
  turn();
  EXPECT_FALSE(waits.is_done());
  pipe.fill();
  EXPECT_FALSE(finish(std::move(waits)));
  // Who is ready is ready, though there is no time.
  EXPECT_FALSE(finish(spawn(loop, wait_readable(pipe.reader.get(), 0ns))));
  EXPECT_FALSE(finish(spawn(loop, wait_readable(pipe.reader.get(), Clock::now() - 1s))));
}

TEST_F(AwaitableFdTest, WritableTellsThatItIsReadyOrThatTheTimeIsOver) {
  SocketPair pair;
  ASSERT_FALSE(set_nonblocking(pair.near.get()));
  EXPECT_FALSE(finish(spawn(loop, wait_writable(pair.near.get(), {}))));
  while (send_some(pair.near.get(), std::string(4096, 'x')) > 0) {
  }

  EXPECT_EQ(finish(spawn(loop, wait_writable(pair.near.get(), 5ms))), std::errc::timed_out);
}

TEST_F(AwaitableFdTest, WhatCannotBeWaitedForIsAnError) {
  EXPECT_EQ(finish(spawn(loop, wait_readable(-1, {}))), Errc::bad_descriptor);
  UniqueFd closed(::dup(0));
  const int number = closed.get();
  closed.reset();
  EXPECT_EQ(finish(spawn(loop, wait_readable(number, {}))), Errc::bad_descriptor);
}

Task<> copy_bytes(AwaitableFd& from, AwaitableFd& to, std::size_t& count) {
  std::array<char, 4096> room{};
  for (;;) {
    if (co_await from.readable()) co_return;
    const auto got = receive(from.get(), room);
    if (got.status != IoStatus::done) co_return;
    std::span<const char> rest(room.data(), got.count);
    while (!rest.empty()) {
      const auto sent = send(to.get(), rest);
      if (sent.status == IoStatus::done) {
        rest = rest.subspan(sent.count);
        count += sent.count;
      } else if (sent.status != IoStatus::would_block || co_await to.writable(10s)) {
        co_return;
      }
    }
  }
}

// One task reads from a socket what another writes to it, at the same time.
TEST_F(AwaitableFdTest, BothDirectionsOfADescriptorAtATime) {
  SocketPair left;
  SocketPair right;
  for (const auto* end : {&left.near, &right.near}) ASSERT_FALSE(set_nonblocking(end->get()));
  AwaitableFd one(loop, left.near.get());
  AwaitableFd two(loop, right.near.get());
  std::size_t there = 0;
  std::size_t back = 0;
  const auto first = spawn(loop, copy_bytes(one, two, there));
  const auto second = spawn(loop, copy_bytes(two, one, back));
  // More than the sockets take, so that both have to wait for room.
  constexpr std::size_t total = 4 << 20;
  const std::string bytes(64 << 10, 'x');
  for (const auto* end : {&left.far, &right.far}) ASSERT_FALSE(set_nonblocking(end->get()));
  std::array<std::size_t, 2> sent{};
  std::array<std::size_t, 2> got{};
  run_until([&] {
    for (std::size_t i = 0; i < 2; ++i) {
      const auto& far = i == 0 ? left.far : right.far;
      if (sent[i] < total) {
        sent[i] += send_some(
            far.get(), std::string_view(bytes).substr(0, std::min(bytes.size(), total - sent[i])));
      }
      got[i] += read_now(far.get()).size();
    }
    return got[0] == total && got[1] == total;
  });

  EXPECT_EQ(there, total);
  EXPECT_EQ(back, total);
}

Task<std::error_code> wait_on(AwaitableFd& fd, TimeLimit limit = {}) {
  co_return co_await fd.readable(limit);
}

TEST_F(AwaitableFdTest, TwoCannotWaitForTheSameDirection) {
  const Pipe pipe;
  AwaitableFd fd(loop, pipe.reader.get());
  auto first = spawn(loop, wait_on(fd));

  EXPECT_EQ(finish(spawn(loop, wait_on(fd))), std::errc::operation_in_progress);
  pipe.fill();
  EXPECT_FALSE(finish(std::move(first)));
}

TEST_F(AwaitableFdTest, WhoIsInterruptedIsToldSo) {
  const Pipe pipe;
  AwaitableFd fd(loop, pipe.reader.get());
  auto waits = spawn(loop, wait_on(fd));

  fd.interrupt();

  ASSERT_TRUE(waits.is_done());
  EXPECT_EQ(waits.result(), std::errc::operation_canceled);
  fd.interrupt();
}

TEST_F(AwaitableFdTest, DescriptorThatIsDestroyedLeavesItsWaiterToHisTimeLimit) {
  const Pipe pipe;
  auto fd = std::make_unique<AwaitableFd>(loop, pipe.reader.get());
  auto waits = spawn(loop, wait_on(*fd, 5ms));
  const auto waits_for_ever =
      spawn(loop, [](AwaitableFd& gone) -> Task<> { EXPECT_TRUE(co_await gone.writable()); }(*fd));

  fd.reset();

  EXPECT_EQ(finish(std::move(waits)), std::errc::timed_out);
}

Task<> destroy(std::unique_ptr<AwaitableFd>& fd, int& count) {
  EXPECT_FALSE(co_await fd->readable());
  fd.reset();
  ++count;
}

TEST_F(AwaitableFdTest, WhoIsWokenMayDestroyTheDescriptor) {
  const Pipe pipe;
  int count = 0;
  auto fd = std::make_unique<AwaitableFd>(loop, pipe.reader.get());
  const auto spawned = spawn(loop, destroy(fd, count));
  pipe.fill();

  turn();

  EXPECT_EQ(count, 1);
  EXPECT_EQ(fd, nullptr);
}

Task<> echo_bytes(AwaitableFd& fd, int& count) {
  for (;;) {
    if (co_await fd.readable(1min)) co_return;
    std::array<char, 16> room{};
    const auto got = receive(fd.get(), room);
    if (got.status != IoStatus::done) co_return;
    static_cast<void>(send(fd.get(), std::span(room).first(got.count)));
    ++count;
  }
}

TEST_F(AwaitableFdTest, WaitingAllocatesNothing) {
  SocketPair pair;
  ASSERT_FALSE(set_nonblocking(pair.near.get()));
  AwaitableFd fd(loop, pair.near.get());
  int count = 0;
  const auto spawned = spawn(loop, echo_bytes(fd, count));
  const auto ask = [&] {
    write_text(pair.far.get(), "a");
    turn();
    char byte = 0;
    ASSERT_EQ(::recv(pair.far.get(), &byte, 1, 0), 1);
  };
  ask();

  const auto before = test::allocations();
  for (int i = 0; i < 100; ++i) ask();

  EXPECT_EQ(test::allocations() - before, 0U);
  EXPECT_EQ(count, 101);
}

}  // namespace
}  // namespace polymux
