// What only signals can do wrong: overflow their queue, reach the wrong thread, name the wrong
// number.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <set>
#include <thread>
#include <vector>

#include <polymux/poller/registry.hpp>

#include "platform/unique_fd.hpp"
#include "tests/unit/byte_pair.hpp"

namespace polymux {
namespace {

using namespace std::chrono_literals;

Token token(std::size_t number) {
  return Token{number};
}

/// A poller over signals with `count` pairs, all of which have been looked at and found silent, so
/// that from here on signals alone tell.
class Silent {
 public:
  explicit Silent(std::size_t count, std::size_t first_token = 0)
      : pairs_(count), first_(first_token) {
    auto opened = open_poller("sigio");
    poller_ = std::move(opened.poller);
    if (!poller_) return;
    for (std::size_t index = 0; index < count; ++index) {
      EXPECT_FALSE(poller_->add(pairs_[index].near.get(), token(first_ + index), Interest::read));
    }
    std::array<Event, 1> out;
    EXPECT_EQ(poller_->wait(out, 0ns).count, 0U);
  }

  [[nodiscard]] Poller& poller() { return *poller_; }
  [[nodiscard]] const BytePair& pair(std::size_t index) const { return pairs_[index]; }
  [[nodiscard]] std::size_t size() const { return pairs_.size(); }

  /// The tokens that are reported until there are `wanted`, or a wait finds nothing for a second.
  /// What is ready is read.
  std::set<std::size_t> gather(std::size_t wanted) {
    std::set<std::size_t> found;
    std::array<Event, 16> out;
    while (found.size() < wanted) {
      const auto result = poller_->wait(out, 1s);
      EXPECT_FALSE(result.error) << result.error.message();
      if (result.count == 0) break;
      for (std::size_t index = 0; index < result.count; ++index) {
        const auto number = static_cast<std::size_t>(out[index].token);
        // Once each: what another thread sends ahead is for the next time.
        const bool is_new = found.insert(number).second;
        if (!is_new || number < first_ || number - first_ >= size()) continue;
        pairs_[number - first_].receive();
      }
    }
    return found;
  }

 private:
  std::vector<BytePair> pairs_;
  std::size_t first_;
  std::unique_ptr<Poller> poller_;
};

class SigioPollerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto opened = open_poller("sigio");
    if (!opened) GTEST_SKIP() << opened.message;
  }
};

TEST_F(SigioPollerTest, OverflowOfTheSignalQueueLosesNothing) {
#ifdef RLIMIT_SIGPENDING
  const rlimit few{.rlim_cur = 8, .rlim_max = 8};
  ASSERT_EQ(::setrlimit(RLIMIT_SIGPENDING, &few), 0);
#endif
  Silent many(64);

  for (int round = 0; round < 20; ++round) {
    for (std::size_t index = 0; index < many.size(); ++index) many.pair(index).send();
    ASSERT_EQ(many.gather(many.size()).size(), many.size()) << "round " << round;
  }
}

TEST_F(SigioPollerTest, LoopsInTwoThreadsDoNotTakeEachOthersEvents) {
  constexpr std::size_t count = 16;
  constexpr int rounds = 200;
  std::array<std::atomic<Silent*>, 2> both{};
  std::atomic<int> failures = 0;
  const auto serve = [&](std::size_t self) {
    Silent mine(count, self * 1000);
    both[self] = &mine;
    while (both[1 - self] == nullptr) std::this_thread::yield();
    Silent& other = *both[1 - self];
    for (int round = 0; round < rounds; ++round) {
      // Each thread makes the other's ready.
      for (std::size_t index = 0; index < count; ++index) other.pair(index).send();
      std::set<std::size_t> wanted;
      for (std::size_t index = 0; index < count; ++index) wanted.insert(self * 1000 + index);
      if (mine.gather(count) != wanted) ++failures;
    }
    both[self] = nullptr;
    while (both[1 - self] != nullptr) std::this_thread::yield();
  };

  std::thread second(serve, 1);
  std::thread first(serve, 0);
  first.join();
  second.join();

  EXPECT_EQ(failures, 0);
}

TEST_F(SigioPollerTest, PollersOfOneThreadDoNotTakeEachOthersEvents) {
  Silent first(4, 0);
  Silent second(4, 1000);

  for (int round = 0; round < 50; ++round) {
    for (std::size_t index = 0; index < 4; ++index) first.pair(index).send();
    for (std::size_t index = 0; index < 4; ++index) second.pair(index).send();
    ASSERT_EQ(second.gather(4), (std::set<std::size_t>{1000, 1001, 1002, 1003}));
    ASSERT_EQ(first.gather(4), (std::set<std::size_t>{0, 1, 2, 3}));
  }
}

TEST_F(SigioPollerTest, ThreadThatDoesNotBlockTheSignalIsNotHit) {
  std::atomic<bool> is_done = false;
  std::thread bystander([&] {
    sigset_t none;
    sigemptyset(&none);
    ::pthread_sigmask(SIG_SETMASK, &none, nullptr);
    while (!is_done) std::this_thread::yield();
  });
  Silent poller(4);

  for (int round = 0; round < 100; ++round) {
    for (std::size_t index = 0; index < 4; ++index) poller.pair(index).send();
    EXPECT_EQ(poller.gather(4).size(), 4U);
  }

  is_done = true;
  bystander.join();
}

TEST_F(SigioPollerTest, FileOfTwoPollersIsReportedByBoth) {
  Silent first(1, 0);
  Silent second(1, 1000);
  const int shared = first.pair(0).near.get();
  ASSERT_FALSE(second.poller().add(shared, token(2000), Interest::read));
  std::array<Event, 4> out;
  ASSERT_EQ(second.poller().wait(out, 0ns).count, 0U);

  first.pair(0).send();

  EXPECT_EQ(second.poller().wait(out, 1s).count, 1U);
  EXPECT_EQ(out[0].token, token(2000));
  EXPECT_EQ(first.gather(1), (std::set<std::size_t>{0}));
}

TEST_F(SigioPollerTest, DuplicateGoesOnAfterTheFirstNumberIsRemoved) {
  Silent poller(1);
  const int original = poller.pair(0).near.get();
  const UniqueFd duplicate(::dup(original));
  ASSERT_FALSE(poller.poller().add(duplicate.get(), token(7), Interest::read));
  std::array<Event, 4> out;
  ASSERT_EQ(poller.poller().wait(out, 0ns).count, 0U);

  ASSERT_FALSE(poller.poller().remove(original));
  poller.pair(0).send();

  ASSERT_EQ(poller.poller().wait(out, 1s).count, 1U);
  EXPECT_EQ(out[0].token, token(7));
}

TEST_F(SigioPollerTest, SignalsThatAProgramAskedForItselfStayIts) {
  Silent poller(1);
  const BytePair own;
  const int fd = own.near.get();
  ASSERT_EQ(::fcntl(fd, F_SETOWN, ::getpid()), 0);
  ::signal(SIGIO, SIG_IGN);
  ASSERT_EQ(::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_ASYNC), 0);
  const int flags = ::fcntl(fd, F_GETFL);
  ASSERT_FALSE(poller.poller().add(fd, token(7), Interest::read));
  std::array<Event, 4> out;
  ASSERT_EQ(poller.poller().wait(out, 0ns).count, 0U);

  own.send();
  EXPECT_EQ(poller.poller().wait(out, 1s).count, 1U);
  ASSERT_FALSE(poller.poller().remove(fd));

  EXPECT_EQ(::fcntl(fd, F_GETFL), flags);
  EXPECT_EQ(::fcntl(fd, F_GETOWN), ::getpid());
}

TEST_F(SigioPollerTest, RemovedDescriptorSignalsNoMore) {
  Silent poller(1);
  const int fd = poller.pair(0).near.get();
  ASSERT_NE(::fcntl(fd, F_GETFL) & O_ASYNC, 0);

  ASSERT_FALSE(poller.poller().remove(fd));

  EXPECT_EQ(::fcntl(fd, F_GETFL) & O_ASYNC, 0);
  EXPECT_EQ(::fcntl(fd, F_GETOWN), 0);
}

TEST_F(SigioPollerTest, ProcessSurvivesTheEndOfThePollerWithSignalsPending) {
  {
    Silent poller(8);
    for (int round = 0; round < 100; ++round) {
      for (std::size_t index = 0; index < 8; ++index) poller.pair(index).send();
    }
  }
  // A signal that was left pending would strike at the latest here.
  EXPECT_EQ(::sched_yield(), 0);
}

}  // namespace
}  // namespace polymux
