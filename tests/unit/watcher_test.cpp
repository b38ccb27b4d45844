#include <polymux/loop/watcher.hpp>

#include <array>
#include <functional>
#include <memory>
#include <stdexcept>
#include <vector>

#include "loop_fixture.hpp"

namespace polymux {
namespace {

using WatcherTest = LoopTest;

TEST_F(WatcherTest, IsCalledWithWhatIsReady) {
  const Pipe pipe;
  Ready seen = Ready::none;
  CallbackWatcher watcher(loop, [&](Ready ready) { seen = ready; });
  ASSERT_FALSE(watcher.start(pipe.reader.get(), Interest::read));

  turn();
  EXPECT_EQ(seen, Ready::none);
  pipe.fill();
  turn();

  EXPECT_EQ(seen, Ready::readable);
}

TEST_F(WatcherTest, StoppedWatcherIsNotCalledAndCanBeStartedAgain) {
  const Pipe pipe;
  pipe.fill();
  int calls = 0;
  CallbackWatcher watcher(loop, [&](Ready) { ++calls; });
  ASSERT_FALSE(watcher.start(pipe.reader.get(), Interest::read));

  watcher.stop();
  watcher.stop();
  turn();
  EXPECT_EQ(calls, 0);
  EXPECT_FALSE(watcher.is_active());

  ASSERT_FALSE(watcher.start(pipe.reader.get(), Interest::read));
  turn();
  EXPECT_EQ(calls, 1);
}

TEST_F(WatcherTest, StartElsewhereLeavesTheFirstDescriptor) {
  const Pipe first;
  const Pipe second;
  first.fill();
  int calls = 0;
  CallbackWatcher watcher(loop, [&](Ready) { ++calls; });
  ASSERT_FALSE(watcher.start(first.reader.get(), Interest::read));

  ASSERT_FALSE(watcher.start(second.reader.get(), Interest::read));
  turn();

  EXPECT_EQ(calls, 0);
  EXPECT_EQ(watcher.fd(), second.reader.get());
}

TEST_F(WatcherTest, RefusedStartLeavesItInactive) {
  CallbackWatcher watcher(loop, [](Ready) {});

  EXPECT_EQ(watcher.start(-1, Interest::read), Errc::bad_descriptor);
  EXPECT_FALSE(watcher.is_active());
  EXPECT_EQ(watcher.set_interest(Interest::read), Errc::not_registered);
}

TEST_F(WatcherTest, InterestCanBeSilencedAndBroughtBack) {
  const Pipe pipe;
  pipe.fill();
  int calls = 0;
  CallbackWatcher watcher(loop, [&](Ready) { ++calls; });
  ASSERT_FALSE(watcher.start(pipe.reader.get(), Interest::read));

  ASSERT_FALSE(watcher.set_interest(Interest::none));
  turn();
  EXPECT_EQ(calls, 0);
  ASSERT_FALSE(watcher.set_interest(Interest::read));
  turn();
  EXPECT_EQ(calls, 1);
}

TEST_F(WatcherTest, SetInterestRearmsAOneshotThatHasFired) {
  const Pipe pipe;
  pipe.fill();
  int calls = 0;
  CallbackWatcher watcher(loop, [&](Ready) { ++calls; });
  ASSERT_FALSE(watcher.start(pipe.reader.get(), Interest::read, Trigger::oneshot));
  turn();
  turn();
  EXPECT_EQ(calls, 1);

  ASSERT_FALSE(watcher.set_interest(Interest::read));
  turn();

  EXPECT_EQ(calls, 2);
}

TEST_F(WatcherTest, RefusedInterestLeavesTheOldOne) {
  const Pipe pipe;
  pipe.fill();
  int calls = 0;
  CallbackWatcher watcher(loop, [&](Ready) { ++calls; });
  ASSERT_FALSE(watcher.start(pipe.reader.get(), Interest::read));

  EXPECT_EQ(watcher.set_interest(Interest::write), Errc::wrong_direction);
  turn();

  EXPECT_EQ(watcher.interest(), Interest::read);
  EXPECT_EQ(calls, 1);
}

TEST_F(WatcherTest, MayDestroyItselfAndItsOwner) {
  struct Owner {
    std::unique_ptr<CallbackWatcher> watcher;
    std::vector<int> memory = std::vector<int>(1000);
  };
  const Pipe pipe;
  pipe.fill();
  int calls = 0;
  auto owner = std::make_unique<Owner>();
  const auto big_capture = std::vector<int>(1000, 7);
  owner->watcher = std::make_unique<CallbackWatcher>(loop, [&, big_capture](Ready) {
    owner.reset();
    calls += big_capture.back();
  });
  ASSERT_FALSE(owner->watcher->start(pipe.reader.get(), Interest::read));

  turn();
  turn();

  EXPECT_EQ(calls, 7);
}

/// Watchers of many ready pipes, the first of which to be called acts on all the others.
class WatcherBatchTest : public LoopTest {
 protected:
  static constexpr std::size_t count = 20;

  void start_all(const std::function<void(std::size_t)>& act) {
    for (std::size_t index = 0; index < count; ++index) {
      pipes[index].fill();
      watchers[index] = std::make_unique<CallbackWatcher>(loop, [this, index, act](Ready) {
        ++calls;
        if (calls == 1) act(index);
      });
      ASSERT_FALSE(watchers[index]->start(pipes[index].reader.get(), Interest::read));
    }
  }

  std::array<Pipe, count> pipes;
  std::array<std::unique_ptr<CallbackWatcher>, count> watchers;
  std::size_t calls = 0;
};

TEST_F(WatcherBatchTest, EventOfTheSameBatchForAStoppedWatcherIsDropped) {
  start_all([this](std::size_t) {
    for (auto& watcher : watchers) watcher->stop();
  });

  turn();

  EXPECT_EQ(calls, 1U);
}

TEST_F(WatcherBatchTest, EventOfTheSameBatchForADestroyedWatcherIsDropped) {
  start_all([this](std::size_t) {
    for (auto& watcher : watchers) watcher.reset();
  });

  turn();

  EXPECT_EQ(calls, 1U);
}

TEST_F(WatcherBatchTest, WhoTakesTheNumberGetsNoEventThatIsNotHis) {
  std::size_t calls_of_new_owners = 0;
  std::vector<std::unique_ptr<Pipe>> fresh;
  std::vector<std::unique_ptr<CallbackWatcher>> owners;
  start_all([&](std::size_t) {
    for (std::size_t index = 0; index < count; ++index) {
      watchers[index].reset();
      pipes[index].reader.reset();
      fresh.push_back(std::make_unique<Pipe>());
      owners.push_back(
          std::make_unique<CallbackWatcher>(loop, [&](Ready) { ++calls_of_new_owners; }));
      ASSERT_FALSE(owners.back()->start(fresh.back()->reader.get(), Interest::read));
    }
  });

  turn();
  turn();

  EXPECT_EQ(calls, 1U);
  EXPECT_EQ(calls_of_new_owners, 0U);
}

TEST_F(WatcherBatchTest, RestartedWatcherIsCalledByALaterWaitNotByTheOldEvent) {
  start_all([this](std::size_t self) {
    for (std::size_t index = 0; index < count; ++index) {
      if (index == self) continue;
      pipes[index].drain();
      ASSERT_FALSE(watchers[index]->start(pipes[index].reader.get(), Interest::read));
    }
  });

  turn();

  EXPECT_EQ(calls, 1U) << "the pipes were drained before their turn";
}

TEST_F(WatcherBatchTest, ExceptionComesOutOfRunAndTheOthersHaveTheirTurnAfterwards) {
  std::size_t first = count;
  start_all([&](std::size_t index) {
    first = index;
    throw std::runtime_error("thrown by a callback");
  });

  EXPECT_THROW(turn(), std::runtime_error);
  watchers[first]->stop();
  turn();

  EXPECT_EQ(calls, count);
}

}  // namespace
}  // namespace polymux
