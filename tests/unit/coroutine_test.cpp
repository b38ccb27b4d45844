#include <array>
#include <functional>
#include <memory>
#include <polymux/coroutine/awaitable_fd.hpp>
#include <polymux/coroutine/sleep.hpp>
#include <polymux/coroutine/spawn.hpp>
#include <polymux/coroutine/task.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "coroutine_fixture.hpp"
#include "tests/support/allocations.hpp"

namespace polymux {
namespace {

using namespace std::chrono_literals;

// Counts those that are alive.
struct Witness {
  explicit Witness(int& count) : alive(count) { ++alive; }
  Witness(const Witness& other) : alive(other.alive) { ++alive; }
  Witness& operator=(const Witness&) = delete;
  ~Witness() { --alive; }
  int& alive;
};

Task<int> value(int number) {
  co_return number;
}

Task<int> value_later(int number) {
  co_await sleep_for(1ms);
  co_return number;
}

Task<> note(std::vector<std::string>& notes, std::string text) {
  notes.push_back(std::move(text));
  co_return;
}

Task<> fail(const char* why, bool waits) {
  if (waits) co_await sleep_for(1ms);
  throw std::runtime_error(why);
}

// Tasks that call each other.

TEST_F(CoroutineTest, NothingHappensBeforeItIsAwaited) {
  std::vector<std::string> notes;

  {
    const auto never = note(notes, "never");
    auto task = note(notes, "awaited");
    EXPECT_TRUE(notes.empty());
    finish(spawn(loop, std::move(task)));
  }

  EXPECT_EQ(notes, (std::vector<std::string>{"awaited"}));
}

Task<> in_order(std::vector<std::string>& notes) {
  notes.emplace_back("begin");
  co_await note(notes, "called");
  notes.emplace_back("between");
  co_await sleep_for(0ns);
  co_await note(notes, "called again");
  notes.emplace_back("end");
}

TEST_F(CoroutineTest, RunsAtOnceUntilItWaits) {
  std::vector<std::string> notes;

  auto spawned = spawn(loop, in_order(notes));
  notes.emplace_back("spawned");
  EXPECT_FALSE(spawned.is_done());
  finish(std::move(spawned));

  EXPECT_EQ(notes, (std::vector<std::string>{"begin", "called", "between", "spawned",
                                             "called again", "end"}));
}

Task<int> sum(int depth, bool waits) {
  if (depth == 0 && waits) co_return co_await value_later(1);
  if (depth == 0) co_return co_await value(1);
  const auto below = co_await sum(depth - 1, waits);
  co_return below + 1;
}

TEST_F(CoroutineTest, ValuesComeThroughNestedCalls) {
  EXPECT_EQ(finish(spawn(loop, sum(100, false))), 101);
  EXPECT_EQ(finish(spawn(loop, sum(100, true))), 101);
}

Task<long> add_up(int count) {
  long total = 0;
  for (int i = 0; i < count; ++i) total += co_await value(1);
  co_return total;
}

TEST_F(CoroutineTest, ALoopOverTasksThatNeverWaitTakesNoStack) {
  EXPECT_EQ(finish(spawn(loop, add_up(300'000))), 300'000);
}

Task<std::unique_ptr<std::string>> made(std::string text) {
  co_return std::make_unique<std::string>(std::move(text));
}

Task<std::string> joined(std::vector<std::string> parts, std::string separator) {
  std::string all;
  for (const auto& part : parts) {
    if (!all.empty()) all += *co_await made(separator);
    const auto copy = co_await made(part + "");
    co_await sleep_for(0ns);
    all += *copy;
  }
  co_return all;
}

TEST_F(CoroutineTest, ArgumentsAndResultsThatOwnSomething) {
  const std::string long_one(100, 'x');

  const auto all = finish(spawn(loop, joined({"a", long_one, "b"}, ", ")));

  EXPECT_EQ(all, "a, " + long_one + ", b");
}

// Exceptions.

Task<std::string> catches(bool waits) {
  std::string caught;
  try {
    co_await fail("inside", waits);
  } catch (const std::runtime_error& error) {
    caught = error.what();
  }
  co_return caught;
}

TEST_F(CoroutineTest, WhatATaskThrowsComesOutOfTheAwait) {
  EXPECT_EQ(finish(spawn(loop, catches(false))), "inside");
  EXPECT_EQ(finish(spawn(loop, catches(true))), "inside");
}

TEST_F(CoroutineTest, WhatNobodyCatchesComesOutOfTheResult) {
  EXPECT_THROW(finish(spawn(loop, fail("outside", false))), std::runtime_error);
  EXPECT_THROW(finish(spawn(loop, fail("outside", true))), std::runtime_error);
}

TEST_F(CoroutineTest, WhatADetachedTaskThrowsComesOutOfTheLoop) {
  spawn(loop, fail("nobody looks", true)).detach();

  EXPECT_THROW(static_cast<void>(loop.run()), std::runtime_error);
  EXPECT_THROW(spawn(loop, fail("at once", false)).detach(), std::runtime_error);
  EXPECT_FALSE(loop.run_once(0ns));
}

Task<> hold(int& alive, int fd) {
  const Witness outer(alive);
  const auto wait = [](int& count, int number) -> Task<> {
    const Witness inner(count);
    EXPECT_FALSE(co_await readable(number));
  };
  co_await wait(alive, fd);
}

// Ends and cancellations.

TEST_F(CoroutineTest, DestroyedWhileItWaitsForADescriptorItWaitsNoMore) {
  const Pipe pipe;
  int alive = 0;
  {
    const auto spawned = spawn(loop, hold(alive, pipe.reader.get()));
    EXPECT_EQ(alive, 2);
    pipe.fill();
  }
  EXPECT_EQ(alive, 0);
  turn();

  // It is not registered any more.
  CallbackWatcher watcher(loop, [](Ready) {});
  EXPECT_FALSE(watcher.start(pipe.reader.get(), Interest::read));
}

Task<> sleep_and_note(int& alive, bool& has_run, std::chrono::nanoseconds time) {
  const Witness witness(alive);
  co_await sleep_for(time);
  has_run = true;
}

TEST_F(CoroutineTest, DestroyedWhileItSleepsItWakesNoMore) {
  int alive = 0;
  bool has_run = false;
  auto spawned = spawn(loop, sleep_and_note(alive, has_run, 1ms));

  spawned.cancel();
  spawned.cancel();
  finish(spawn(loop, value_later(1)));
  ASSERT_FALSE(loop.run_once(5ms));

  EXPECT_FALSE(spawned);
  EXPECT_EQ(alive, 0);
  EXPECT_FALSE(has_run);
}

TEST_F(CoroutineTest, DetachedOneRunsToItsEndAndIsFreed) {
  int alive = 0;
  bool has_run = false;
  spawn(loop, sleep_and_note(alive, has_run, 1ms)).detach();
  EXPECT_EQ(alive, 1);

  run_until([&] { return has_run; });

  EXPECT_EQ(alive, 0);
}

// Waits for something that never comes, with a caller above and a task of its own below.
Task<> wait_for_ever(int& alive, int fd) {
  const Witness witness(alive);
  static_cast<void>(co_await readable(fd));
}

Task<> wait_for_others(EventLoop& loop, int& alive, int fd) {
  const Witness witness(alive);
  const auto other = spawn(loop, wait_for_ever(alive, fd));
  co_await sleep_for(1h);
}

struct DetachesAtItsEnd {
  DetachesAtItsEnd(EventLoop& where, int& count) : loop(where), alive(count) {}
  DetachesAtItsEnd(const DetachesAtItsEnd&) = delete;
  DetachesAtItsEnd& operator=(const DetachesAtItsEnd&) = delete;
  ~DetachesAtItsEnd() {
    bool has_run = false;
    spawn(loop, sleep_and_note(alive, has_run, 1h)).detach();
  }
  EventLoop& loop;
  int& alive;
};

Task<> detach_at_its_end(EventLoop& loop, int& alive) {
  const DetachesAtItsEnd last(loop, alive);
  co_await sleep_for(1h);
}

TEST_F(CoroutineTest, DetachedOnesThatWaitEndWithTheirLoop) {
  auto opened = open_poller();
  ASSERT_TRUE(opened) << opened.message;
  auto other = std::make_unique<EventLoop>(std::move(opened.poller));
  const Pipe pipe;
  int alive = 0;
  bool has_run = false;
  spawn(*other, sleep_and_note(alive, has_run, 1ms)).detach();
  spawn(*other, wait_for_others(*other, alive, pipe.reader.get())).detach();
  spawn(*other, detach_at_its_end(*other, alive)).detach();
  while (!has_run) ASSERT_FALSE(other->run_once(10ms));
  EXPECT_EQ(alive, 2);

  other.reset();

  EXPECT_EQ(alive, 0);
}

Task<> cancel_itself(Spawned<>& self, int& alive, bool& went_on) {
  const Witness witness(alive);
  co_await sleep_for(0ns);
  self.cancel();
  // Still there, until it waits.
  EXPECT_EQ(alive, 1);
  co_await sleep_for(0ns);
  went_on = true;
}

TEST_F(CoroutineTest, WhoCancelsItselfEndsWhenItWaits) {
  int alive = 0;
  bool went_on = false;
  Spawned<> self;
  self = spawn(loop, cancel_itself(self, alive, went_on));

  run_until([&] { return alive == 0; });
  turn();

  EXPECT_FALSE(self);
  EXPECT_FALSE(went_on);
}

Task<> cancel_other(Spawned<>& other) {
  co_await sleep_for(0ns);
  other.cancel();
}

TEST_F(CoroutineTest, OneThatIsDueInTheSameTurnIsCancelledInTime) {
  int alive = 0;
  bool has_run = false;
  Spawned<> other;
  auto first = spawn(loop, cancel_other(other));
  other = spawn(loop, sleep_and_note(alive, has_run, 0ns));

  finish(std::move(first));
  turn();

  EXPECT_EQ(alive, 0);
  EXPECT_FALSE(has_run);
}

// Joining.

Task<int> join_twice(Spawned<int> first, Spawned<int> second) {
  const auto one = co_await first.join();
  const auto two = co_await second.join();
  co_return one + two;
}

TEST_F(CoroutineTest, JoinReturnsWhatItReturned) {
  EXPECT_EQ(finish(spawn(loop, join_twice(spawn(loop, value_later(1)), spawn(loop, value(2))))), 3);
}

Task<std::string> join_and_tell(Spawned<>& other) {
  std::string told = "nothing";
  try {
    co_await other.join();
  } catch (const std::system_error& error) {
    if (error.code() == std::errc::operation_canceled) told = "cancelled";
    if (error.code() == std::errc::operation_in_progress) told = "in progress";
  } catch (const std::runtime_error& error) {
    told = error.what();
  }
  co_return told;
}

TEST_F(CoroutineTest, JoinThrowsWhatItThrew) {
  auto other = spawn(loop, fail("inside", true));

  EXPECT_EQ(finish(spawn(loop, join_and_tell(other))), "inside");
}

TEST_F(CoroutineTest, WhoJoinsWhatIsCancelledIsTold) {
  const Pipe pipe;
  int alive = 0;
  auto other = spawn(loop, hold(alive, pipe.reader.get()));
  auto joiner = spawn(loop, join_and_tell(other));
  auto late = spawn(loop, join_and_tell(other));
  EXPECT_EQ(finish(std::move(late)), "in progress");

  other.cancel();
  EXPECT_EQ(alive, 0);
  EXPECT_FALSE(joiner.is_done());

  EXPECT_EQ(finish(std::move(joiner)), "cancelled");
  EXPECT_EQ(finish(spawn(loop, join_and_tell(other))), "cancelled");
}

TEST_F(CoroutineTest, WhatIsJoinedOutlivesWhoJoins) {
  int alive = 0;
  bool has_run = false;
  auto other = spawn(loop, sleep_and_note(alive, has_run, 1ms));
  {
    const auto joiner = spawn(loop, join_and_tell(other));
    turn();
  }

  finish(std::move(other));

  EXPECT_TRUE(has_run);
}

TEST_F(CoroutineTest, WhenDoneIsCalledAndMayDestroyIt) {
  int called = 0;
  auto spawned = std::make_unique<Spawned<int>>(spawn(loop, value_later(1)));
  spawned->when_done([&] {
    EXPECT_EQ(spawned->result(), 1);
    spawned.reset();
    ++called;
  });

  run_until([&] { return called == 1; });

  EXPECT_EQ(spawned, nullptr);
}

TEST_F(CoroutineTest, ACallAllocatesItsFrameAndSpawningOneMore) {
  const auto before = test::allocations();

  auto spawned = spawn(loop, sum(9, false));

  // sum ten times, value once.
  EXPECT_EQ(test::allocations() - before, 10U + 1U + 1U);
  EXPECT_EQ(spawned.result(), 10);
}

Task<> sleep_often(int& done, int times) {
  for (int i = 0; i < times; ++i) co_await sleep_for(std::chrono::microseconds(i % 7));
  ++done;
}

TEST_F(CoroutineTest, ManyAtATime) {
  constexpr int count = 10'000;
  int done = 0;
  std::vector<Spawned<>> all;
  for (int i = 0; i < count; ++i) all.push_back(spawn(loop, sleep_often(done, 10)));

  run_until([&] { return done == count; });

  for (auto& one : all) EXPECT_TRUE(one.is_done());
}

}  // namespace
}  // namespace polymux
