// When a watcher's change of interest reaches the poller, and what becomes of one that it refuses.

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

#include "loop_fixture.hpp"

namespace polymux {
namespace {

// Notes what is modified, and refuses it as long as it is told to.
class NotingPoller final : public Poller {
 public:
  explicit NotingPoller(std::unique_ptr<Poller> inner) : inner_(std::move(inner)) {}

  std::error_code add(int fd, Token token, Interest interest, Trigger trigger) noexcept override {
    if (!refusal) return inner_->add(fd, token, interest, trigger);
    ++modified;
    return refusal;
  }
  std::error_code modify(int fd, Token token, Interest interest,
                         Trigger trigger) noexcept override {
    ++modified;
    last = interest;
    return refusal ? refusal : inner_->modify(fd, token, interest, trigger);
  }
  std::error_code remove(int fd) noexcept override { return inner_->remove(fd); }
  WaitResult wait(std::span<Event> out, Timeout timeout) noexcept override {
    return inner_->wait(out, timeout);
  }
  void wake() noexcept override { inner_->wake(); }
  const Capabilities& capabilities() const noexcept override { return inner_->capabilities(); }
  std::optional<int> pollable_handle() noexcept override { return inner_->pollable_handle(); }

  int modified = 0;
  Interest last = Interest::none;
  std::error_code refusal{};

 private:
  std::unique_ptr<Poller> inner_;
};

constexpr auto both = Interest::read | Interest::write;

struct Pair {
  Pair() {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()) != 0) std::abort();
    near.reset(ends[0]);
    far.reset(ends[1]);
  }
  void fill() const { EXPECT_EQ(::write(far.get(), "x", 1), 1); }

  UniqueFd near;
  UniqueFd far;
};

class InterestChangesTest : public ::testing::Test {
 protected:
  InterestChangesTest()
      : InterestChangesTest(std::make_unique<NotingPoller>(open_poller().poller)) {}

  // Watches for reading, and has been allowed to write.
  void start(Watcher& watcher, const Pair& pair) {
    ASSERT_FALSE(watcher.start(pair.near.get(), both));
    ASSERT_FALSE(watcher.set_interest(Interest::read));
    turn();
    poller.modified = 0;
  }
  void turn() { ASSERT_FALSE(loop.run_once(std::chrono::nanoseconds::zero())); }

 private:
  explicit InterestChangesTest(std::unique_ptr<NotingPoller> noting)
      : poller(*noting), loop(std::move(noting)) {}

 protected:
  NotingPoller& poller;
  EventLoop loop;
};

TEST_F(InterestChangesTest, ThereAndBackBetweenTwoWaitsIsNeverTold) {
  const Pair pair;
  CallbackWatcher watcher(loop, [](Ready) {});
  start(watcher, pair);

  for (int round = 0; round < 3; ++round) {
    ASSERT_FALSE(watcher.set_interest(both));
    EXPECT_EQ(watcher.interest(), both);
    ASSERT_FALSE(watcher.set_interest(Interest::read));
    turn();
  }

  EXPECT_EQ(poller.modified, 0);
}

TEST_F(InterestChangesTest, OfManyTheLastIsToldBeforeTheNextWait) {
  const Pair pair;
  std::vector<Ready> seen;
  CallbackWatcher watcher(loop, [&](Ready ready) { seen.push_back(ready); });
  start(watcher, pair);

  ASSERT_FALSE(watcher.set_interest(Interest::none));
  ASSERT_FALSE(watcher.set_interest(both));
  ASSERT_FALSE(watcher.set_interest(Interest::write));
  turn();

  EXPECT_EQ(poller.modified, 1);
  EXPECT_EQ(poller.last, Interest::write);
  EXPECT_EQ(seen, std::vector{Ready::writable});
}

TEST_F(InterestChangesTest, ChangeInACallbackIsToldAtTheEndOfTheTurn) {
  const Pair pair;
  CallbackWatcher* self = nullptr;
  CallbackWatcher watcher(loop, [&](Ready) {
    EXPECT_FALSE(self->set_interest(Interest::none));
    EXPECT_EQ(poller.modified, 0);
  });
  self = &watcher;
  start(watcher, pair);
  pair.fill();

  turn();

  EXPECT_EQ(poller.modified, 1);
  EXPECT_EQ(poller.last, Interest::none);
}

TEST_F(InterestChangesTest, DirectionThatWasNotAllowedYetIsAskedForAtOnce) {
  const Pipe pipe;
  CallbackWatcher reader(loop, [](Ready) {});
  ASSERT_FALSE(reader.start(pipe.reader.get(), Interest::read));

  EXPECT_EQ(reader.set_interest(both), Errc::wrong_direction);

  EXPECT_EQ(reader.interest(), Interest::read);
  EXPECT_EQ(poller.modified, 1);
}

TEST_F(InterestChangesTest, OneAskedForAtOnceWinsOverOneThatIsDue) {
  const Pair pair;
  std::vector<Ready> seen;
  CallbackWatcher watcher(loop, [&](Ready ready) { seen.push_back(ready); });
  ASSERT_FALSE(watcher.start(pair.near.get(), Interest::read));
  ASSERT_FALSE(watcher.set_interest(Interest::none));
  ASSERT_FALSE(watcher.set_interest(Interest::write));

  turn();

  EXPECT_EQ(watcher.interest(), Interest::write);
  EXPECT_EQ(poller.modified, 1);
  EXPECT_EQ(seen, std::vector{Ready::writable});
}

TEST_F(InterestChangesTest, RefusedForWantOfMemoryIsTriedAgainUntilItSucceeds) {
  const Pair pair;
  int calls = 0;
  CallbackWatcher watcher(loop, [&](Ready ready) {
    EXPECT_EQ(ready, Ready::writable);
    ++calls;
    loop.stop();
  });
  start(watcher, pair);
  poller.refusal = std::make_error_code(std::errc::not_enough_memory);
  // While it cannot, the loop goes on with what it has, and does not sleep for good.
  constexpr std::chrono::milliseconds a_while{25};
  Timer relief(loop, [&] {
    // On a busy machine it may come before the second try.
    if (poller.modified < 2) return relief.start_after(a_while);
    poller.refusal = {};
  });
  relief.start_after(a_while);

  ASSERT_FALSE(watcher.set_interest(Interest::write));
  ASSERT_FALSE(loop.run());

  EXPECT_EQ(calls, 1);
  EXPECT_GE(poller.modified, 2);
  // Every ten milliseconds, and with the timer: no spin.
  EXPECT_LE(poller.modified, 10);
}

TEST_F(InterestChangesTest, WhileSilenceIsRefusedTheWatcherIsNotCalled) {
  const Pair pair;
  int calls = 0;
  CallbackWatcher watcher(loop, [&](Ready) { ++calls; });
  start(watcher, pair);
  pair.fill();
  poller.refusal = std::make_error_code(std::errc::not_enough_memory);

  ASSERT_FALSE(watcher.set_interest(Interest::none));
  for (int turns = 0; turns < 3; ++turns) turn();
  EXPECT_EQ(calls, 0);

  ASSERT_FALSE(watcher.set_interest(Interest::read));
  turn();
  EXPECT_EQ(calls, 0);
  poller.refusal = {};
  turn();
  EXPECT_EQ(calls, 1);
}

TEST_F(InterestChangesTest, StoppedWhileRefusedItCanBeStartedAnew) {
  const Pair pair;
  int calls = 0;
  CallbackWatcher watcher(loop, [&](Ready) { ++calls; });
  start(watcher, pair);
  pair.fill();
  poller.refusal = std::make_error_code(std::errc::not_enough_memory);
  ASSERT_FALSE(watcher.set_interest(Interest::none));
  turn();

  watcher.stop();
  poller.refusal = {};
  ASSERT_FALSE(watcher.start(pair.near.get(), Interest::read));
  turn();

  EXPECT_EQ(calls, 1);
}

TEST_F(InterestChangesTest, OfAClosedDescriptorTheWatcherIsToldOnce) {
  Pair pair;
  std::vector<Ready> seen;
  CallbackWatcher watcher(loop, [&](Ready ready) { seen.push_back(ready); });
  start(watcher, pair);
  poller.refusal = Errc::not_registered;

  ASSERT_FALSE(watcher.set_interest(Interest::none));
  turn();
  turn();
  turn();

  EXPECT_EQ(seen, std::vector{Ready::invalid});
}

TEST_F(InterestChangesTest, ManyThatAreRefusedAreAllTold) {
  constexpr int many = 600;
  std::vector<std::unique_ptr<Pair>> pairs;
  std::vector<std::unique_ptr<CallbackWatcher>> watchers;
  int told = 0;
  for (int index = 0; index < many / 2; ++index) {
    pairs.push_back(std::make_unique<Pair>());
    for (const int fd : {pairs.back()->near.get(), pairs.back()->far.get()}) {
      watchers.push_back(std::make_unique<CallbackWatcher>(loop, [&](Ready ready) {
        EXPECT_EQ(ready, Ready::invalid);
        ++told;
      }));
      ASSERT_FALSE(watchers.back()->start(fd, Interest::read));
    }
  }
  poller.refusal = Errc::not_registered;
  for (const auto& watcher : watchers) ASSERT_FALSE(watcher->set_interest(Interest::none));

  for (int turns = 0; turns < 10; ++turns) turn();

  EXPECT_EQ(told, many);
}

TEST_F(InterestChangesTest, StoppedAndDestroyedOnesAreForgotten) {
  const Pair first;
  const Pair second;
  const Pair third;
  CallbackWatcher stopped(loop, [](Ready) { FAIL(); });
  auto destroyed = std::make_unique<CallbackWatcher>(loop, [](Ready) { FAIL(); });
  int calls = 0;
  CallbackWatcher kept(loop, [&](Ready) { ++calls; });
  start(stopped, first);
  start(*destroyed, second);
  start(kept, third);
  for (auto* watcher : {&stopped, destroyed.get(), &kept}) {
    ASSERT_FALSE(watcher->set_interest(Interest::write));
  }

  stopped.stop();
  destroyed.reset();
  turn();

  EXPECT_EQ(poller.modified, 1);
  EXPECT_EQ(calls, 1);
}

TEST_F(InterestChangesTest, StartedAnewItHasNoChangeOfBefore) {
  const Pair first;
  const Pair second;
  std::vector<Ready> seen;
  CallbackWatcher watcher(loop, [&](Ready ready) { seen.push_back(ready); });
  start(watcher, first);
  ASSERT_FALSE(watcher.set_interest(Interest::write));

  ASSERT_FALSE(watcher.start(second.near.get(), Interest::read));
  turn();

  EXPECT_EQ(poller.modified, 0);
  EXPECT_TRUE(seen.empty());
}

TEST_F(InterestChangesTest, CallbackThatThrowsKeepsNoChangeBack) {
  const Pair pair;
  CallbackWatcher* self = nullptr;
  CallbackWatcher watcher(loop, [&](Ready) {
    EXPECT_FALSE(self->set_interest(Interest::none));
    throw std::runtime_error("on purpose");
  });
  self = &watcher;
  start(watcher, pair);
  pair.fill();

  EXPECT_THROW(static_cast<void>(loop.run_once()), std::runtime_error);
  turn();

  EXPECT_EQ(poller.modified, 1);
  EXPECT_EQ(poller.last, Interest::none);
}

TEST_F(InterestChangesTest, WhoWaitsForTheHandleFindsTheChange) {
  const Pair pair;
  CallbackWatcher early(loop, [](Ready) {});
  start(early, pair);
  ASSERT_FALSE(early.set_interest(Interest::write));
  const auto handle = loop.poller().pollable_handle();
  if (!handle) GTEST_SKIP() << "this poller has no handle";
  pollfd entry{.fd = *handle, .events = POLLIN, .revents = 0};
  EXPECT_EQ(::poll(&entry, 1, 0), 1) << "a change of before the handle was asked for";

  ASSERT_FALSE(early.set_interest(Interest::read));
  turn();
  EXPECT_EQ(::poll(&entry, 1, 0), 0);
  ASSERT_FALSE(early.set_interest(Interest::write));
  EXPECT_EQ(::poll(&entry, 1, 0), 1) << "one of after";
}

TEST_F(InterestChangesTest, OneshotIsArmedAtOnce) {
  const Pair pair;
  CallbackWatcher watcher(loop, [](Ready) {});
  ASSERT_FALSE(watcher.start(pair.near.get(), Interest::read, Trigger::oneshot));

  ASSERT_FALSE(watcher.set_interest(Interest::read));

  EXPECT_EQ(poller.modified, 1);
}

}  // namespace
}  // namespace polymux
