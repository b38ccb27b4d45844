// What only a ring can do wrong: hold files open, answer late, have no room, belong to a thread.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <polymux/poller/registry.hpp>

#include "platform/unique_fd.hpp"
#include "tests/unit/byte_pair.hpp"

namespace polymux {
namespace {

using namespace std::chrono_literals;

class IoUringPollerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto opened = open_poller("io_uring");
    if (!opened) GTEST_SKIP() << opened.message;
    poller_ = std::move(opened.poller);
  }

  void add(const BytePair& pair, Token token, Interest interest = Interest::read) {
    ASSERT_FALSE(poller_->add(pair.near.get(), token, interest));
  }

  /// The tokens that one wait reports, in order.
  std::vector<Token> wait(Timeout timeout = 0ns) {
    std::array<Event, 1024> events{};
    const auto result = poller_->wait(events, timeout);
    EXPECT_FALSE(result.error) << result.error.message();
    std::vector<Token> tokens;
    for (std::size_t index = 0; index < result.count; ++index) {
      tokens.push_back(events[index].token);
    }
    return tokens;
  }

  std::unique_ptr<Poller> poller_;
};

const std::vector<Token> nobody;

TEST_F(IoUringPollerTest, WhatIsRemovedIsLetGoAtOnce) {
  BytePair pair;
  add(pair, Token{1});
  EXPECT_EQ(wait(), nobody);

  EXPECT_FALSE(poller_->remove(pair.near.get()));
  pair.near.reset();

  EXPECT_TRUE(pair.has_hung_up()) << "a request still holds the file, and nobody waits again";
}

TEST_F(IoUringPollerTest, WhatWasChangedIsLetGoWithTheRemoval) {
  BytePair pair;
  add(pair, Token{1});
  EXPECT_EQ(wait(), nobody);
  // The old request is cancelled with the next wait, which does not come.
  EXPECT_FALSE(poller_->modify(pair.near.get(), Token{1}, Interest::none));

  EXPECT_FALSE(poller_->remove(pair.near.get()));
  pair.near.reset();

  EXPECT_TRUE(pair.has_hung_up());
}

TEST_F(IoUringPollerTest, ADestroyedPollerHoldsNothingThoughAChildHasItsRing) {
  BytePair pair;
  BytePair life;
  add(pair, Token{1});
  EXPECT_EQ(wait(), nobody);
  const auto child = ::fork();
  if (child == 0) {
    pair.near.reset();
    life.far.reset();
    char byte = 0;
    static_cast<void>(::read(life.near.get(), &byte, 1));
    ::_exit(0);
  }
  life.near.reset();

  poller_.reset();
  pair.near.reset();
  // The child closes its own in its own time.
  pollfd entry{.fd = pair.far.get(), .events = POLLIN, .revents = 0};
  EXPECT_EQ(::poll(&entry, 1, 5000), 1);
  EXPECT_NE(entry.revents & POLLHUP, 0);

  life.far.reset();
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
}

TEST_F(IoUringPollerTest, AnAnswerThatIsHistoryIsNotTold) {
  BytePair pair;
  add(pair, Token{1});
  EXPECT_EQ(wait(), nobody);

  pair.send();
  pair.receive();

  EXPECT_EQ(wait(), nobody);
  EXPECT_EQ(wait(1ms), nobody);
  pair.send();
  EXPECT_EQ(wait(), std::vector{Token{1}});
}

TEST_F(IoUringPollerTest, MoreAnswersThanTheRingHasRoomForAreAllTold) {
  constexpr std::size_t count = 3000;
  BytePair ends;
  // Duplicates of one end are as many registrations.
  std::vector<UniqueFd> numbers;
  for (std::size_t number = 0; number < count; ++number) {
    numbers.emplace_back(::fcntl(ends.near.get(), F_DUPFD_CLOEXEC, 0));
    if (!numbers.back()) GTEST_SKIP() << "the limit of descriptors is too low";
    ASSERT_FALSE(poller_->add(numbers.back().get(), Token{number}, Interest::read));
  }
  EXPECT_EQ(wait(), nobody);

  ends.send();

  std::set<Token> told;
  for (int round = 0; round < 3; ++round) {
    for (const auto token : wait()) told.insert(token);
  }
  EXPECT_EQ(told.size(), count);
  ends.receive();
  EXPECT_EQ(wait(), nobody);
}

TEST_F(IoUringPollerTest, MoreChangesThanTheRingHasRoomForAreAllMade) {
  constexpr int rounds = 1000;
  BytePair one;
  BytePair other;
  add(one, Token{1});
  add(other, Token{2});
  EXPECT_EQ(wait(), nobody);

  for (int round = 0; round < rounds; ++round) {
    ASSERT_FALSE(poller_->modify(one.near.get(), Token{3}, Interest::none));
    ASSERT_FALSE(poller_->modify(one.near.get(), Token{4}, Interest::read));
    ASSERT_FALSE(poller_->remove(other.near.get()));
    ASSERT_FALSE(poller_->add(other.near.get(), Token{5}, Interest::read));
  }
  one.send();
  other.send();

  const auto told = wait();
  EXPECT_EQ(std::set(told.begin(), told.end()), (std::set{Token{4}, Token{5}}));
}

TEST_F(IoUringPollerTest, AThreadThatTakesOverHearsOfAll) {
  BytePair pair;
  // The thread that made the request has ended, or lives and does something else.
  std::thread([&] {
    add(pair, Token{1});
    EXPECT_EQ(wait(), nobody);
  }).join();
  pair.send();
  EXPECT_EQ(wait(), std::vector{Token{1}});
  pair.receive();
  EXPECT_EQ(wait(), nobody);

  pair.send();

  std::thread([&] { EXPECT_EQ(wait(), std::vector{Token{1}}); }).join();
}

// io_uring tells of a half-close whether it is asked for or not, at once and for ever.
TEST_F(IoUringPollerTest, AWriterBesideAHalfCloseIsToldOfRoom) {
  BytePair pair;
  ASSERT_EQ(::shutdown(pair.far.get(), SHUT_WR), 0);
  ASSERT_EQ(::fcntl(pair.near.get(), F_SETFL, O_NONBLOCK), 0);
  const std::string bytes(65536, 'x');
  while (::write(pair.near.get(), bytes.data(), bytes.size()) > 0) {
  }
  add(pair, Token{1}, Interest::write);
  for (int round = 0; round < 5; ++round) EXPECT_EQ(wait(1ms), nobody);

  std::string room(1 << 20, ' ');
  ASSERT_GT(::read(pair.far.get(), room.data(), room.size()), 0);

  EXPECT_EQ(wait(5s), std::vector{Token{1}});
  EXPECT_EQ(wait(), std::vector{Token{1}}) << "it holds";
}

TEST_F(IoUringPollerTest, ANumberThatWasReusedInFlightDoesNotHoldTheOldFile) {
  BytePair old;
  BytePair fresh;
  add(old, Token{1});
  EXPECT_EQ(wait(), nobody);
  // Closed without remove, and added again.
  const int number = old.near.release();
  ASSERT_EQ(::dup2(fresh.near.get(), number), number);
  const UniqueFd again(number);

  ASSERT_FALSE(poller_->add(number, Token{2}, Interest::read));

  EXPECT_TRUE(old.has_hung_up());
  fresh.send();
  EXPECT_EQ(wait(), std::vector{Token{2}});
}

TEST_F(IoUringPollerTest, AWakeThatComesWhileRequestsAreMadeIsNotSleptOver) {
  // With room for one event the requests are made one by one: many looks before the sleep, and the
  // wake-up descriptor is read in one of them.
  std::vector<BytePair> pairs(300);
  for (int round = 0; round < 40; ++round) {
    for (const auto& pair : pairs) add(pair, Token{1});
    std::atomic<bool> is_about_to_wait = false;
    std::thread waker([&] {
      while (!is_about_to_wait) std::this_thread::yield();
      // Nothing is waited for: each round wakes at another moment of the requests being made.
      std::this_thread::sleep_for(20us * round);
      poller_->wake();
    });

    std::array<Event, 1> room{};
    const auto start = std::chrono::steady_clock::now();
    is_about_to_wait = true;
    const auto result = poller_->wait(room, 5s);
    const auto took = std::chrono::steady_clock::now() - start;
    waker.join();

    ASSERT_TRUE(result.woken) << "round " << round;
    ASSERT_LT(took, 4s) << "round " << round;
    for (const auto& pair : pairs) ASSERT_FALSE(poller_->remove(pair.near.get()));
  }
}

}  // namespace
}  // namespace polymux
