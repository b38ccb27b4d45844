#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <polymux/loop/event_loop.hpp>
#include <polymux/loop/signal_watch.hpp>
#include <polymux/loop/timer.hpp>
#include <polymux/service/connection_manager.hpp>
#include <polymux/service/toupper_service.hpp>

#include "fault_mixes.hpp"
#include "tests/support/clocks.hpp"
#include "tests/unit/socket_fixture.hpp"

namespace polymux::testing {
namespace {

using namespace std::chrono_literals;

/// A loop that sleeps for as long as it may, so that what is not told makes it hang.
class LoopUnderFaults : public ::testing::TestWithParam<Setting> {
 protected:
  void SetUp() override { alarm_.start_after(test::bound()); }
  void TearDown() override {
    if (HasFailure()) ADD_FAILURE() << faults_.report();
  }

  /// Runs until `stop`; a wait that failed is tried again.
  void run() {
    while (const auto error = loop_.run()) {
      ASSERT_GT(faults_.counters().wait_failures, 0U) << error.message();
    }
  }

  /// Does what may fail by injection until it does not.
  template <class Action>
  static void insist(Action action) {
    int tries = 0;
    while (action()) ASSERT_LT(++tries, 200) << "fails each time";
  }

  [[nodiscard]] EventLoop& loop() { return loop_; }
  [[nodiscard]] const FaultyPoller& faults() const { return faults_; }

 private:
  std::unique_ptr<FaultyPoller> poller_ = GetParam().open(3);
  const FaultyPoller& faults_{*poller_};
  EventLoop loop_{std::move(poller_)};
  Timer alarm_{loop_, [this] {
                 ADD_FAILURE() << "the loop was not stopped";
                 loop_.stop();
               }};
};
INSTANTIATE_TEST_SUITE_P(Every, LoopUnderFaults, ::testing::ValuesIn(settings()), name_of);

TEST_P(LoopUnderFaults, TasksOfOtherThreadsRunInTheirOrder) {
  constexpr int tasks = 200;
  std::array<int, 4> done{};
  std::size_t finished = 0;
  std::vector<std::thread> threads;
  for (auto& count : done) {
    threads.emplace_back([&] {
      for (int number = 0; number < tasks; ++number) {
        loop().post([&, number] {
          EXPECT_EQ(count, number);
          if (++count == tasks && ++finished == done.size()) loop().stop();
        });
      }
    });
  }

  run();
  for (auto& thread : threads) thread.join();

  for (const int count : done) EXPECT_EQ(count, tasks);
}

TEST_P(LoopUnderFaults, TimersFireOnceAndNeverEarly) {
  std::vector<std::unique_ptr<Timer>> timers;
  std::vector<Timer::Clock::time_point> deadlines;
  int fired = 0;
  constexpr int count = 20;
  for (int index = 0; index < count; ++index) {
    deadlines.push_back(Timer::Clock::now() + index * 1'300us);
    timers.push_back(std::make_unique<Timer>(loop(), [&, at = deadlines.back()] {
      EXPECT_GE(Timer::Clock::now(), at);
      if (++fired == count) loop().stop();
    }));
    timers.back()->start_at(deadlines.back());
  }

  run();

  EXPECT_EQ(fired, count);
}

TEST_P(LoopUnderFaults, SignalsReachTheirWatch) {
  int seen = 0;
  SignalWatch watch(loop(), [&] {
    if (++seen == 10) return loop().stop();
    std::raise(SIGUSR1);
  });
  insist([&] { return watch.start(SIGUSR1); });

  std::raise(SIGUSR1);
  run();

  EXPECT_EQ(seen, 10);
}

/// Reads what comes, as the owner of an edge or a oneshot does: until there is nothing more, and
/// arms it again.
class Reader final : public Watcher {
 public:
  Reader(EventLoop& loop, std::size_t& left) : Watcher(loop), left_(left) {}

 private:
  void on_ready(Ready /*ready*/) override {
    std::array<char, 64> bytes{};
    for (;;) {
      const auto count = ::recv(fd(), bytes.data(), bytes.size(), MSG_DONTWAIT);
      if (count <= 0) break;
      left_ -= static_cast<std::size_t>(count);
    }
    if (left_ == 0) return loop().stop();
    // Told of an error, it asks again: a registration that is not armed says nothing.
    int tries = 0;
    while (set_interest(Interest::read)) ASSERT_LT(++tries, 200);
  }

  std::size_t& left_;
};

TEST_P(LoopUnderFaults, EveryByteIsReadWhateverTheTrigger) {
  std::vector triggers{Trigger::level, Trigger::oneshot};
  if (loop().poller().capabilities().edge) triggers.push_back(Trigger::edge);
  constexpr std::size_t bytes = 3000;
  std::vector<SocketPair> pairs(2 * triggers.size());
  std::vector<std::unique_ptr<Reader>> readers;
  std::size_t left = 0;
  for (const auto& pair : pairs) {
    const auto trigger = triggers[readers.size() % triggers.size()];
    readers.push_back(std::make_unique<Reader>(loop(), left));
    insist([&] { return readers.back()->start(pair.near.get(), Interest::read, trigger); });
  }
  left = bytes * pairs.size();

  std::thread sender([&] {
    for (std::size_t sent = 0; sent < bytes; sent += 10) {
      for (const auto& pair : pairs) ASSERT_EQ(::send(pair.far.get(), "0123456789", 10, 0), 10);
    }
  });
  run();
  sender.join();

  EXPECT_EQ(left, 0U);
}

/// Asks and waits for the answer, many times over.
void converse(const std::string& address) {
  const auto client = connect_to(address);
  const timeval patience{.tv_sec = 20, .tv_usec = 0};
  EXPECT_EQ(::setsockopt(client.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
  for (int round = 0; round < 30; ++round) {
    const auto number = std::to_string(round);
    write_text(client.get(), "question " + number);
    std::string answer(9 + number.size(), '\0');
    const auto count = ::recv(client.get(), answer.data(), answer.size(), MSG_WAITALL);
    ASSERT_EQ(count, static_cast<ssize_t>(answer.size())) << "in round " << round;
    ASSERT_EQ(answer, "QUESTION " + number);
  }
}

TEST_P(LoopUnderFaults, ClientsWhoBlockAreAnswered) {
  if (GetParam().mix.cuts_off()) GTEST_SKIP() << "clients may be refused; see EveryByteIsAnswered";
  ToupperService service;
  ConnectionManager manager(loop(), service);
  const auto listening = manager.listen("127.0.0.1:0");
  ASSERT_TRUE(listening) << listening.message;

  std::thread clients([&] {
    std::vector<std::thread> threads;
    for (int index = 0; index < 4; ++index) {
      threads.emplace_back([&] { converse(listening.addresses.front()); });
    }
    for (auto& thread : threads) thread.join();
    loop().stop();
  });
  run();
  clients.join();

  EXPECT_EQ(manager.counters().accepted, 4U);
}

}  // namespace
}  // namespace polymux::testing
