// What the sigio backend makes of system calls that fail, and of a change of user.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <thread>

#include <polymux/polymux.hpp>

#include "tests/fault/failing_calls.hpp"
#include "tests/fault/fault_test.hpp"
#include "tests/support/clocks.hpp"
#include "tests/support/descriptors.hpp"
#include "tests/support/poller_assertions.hpp"
#include "tests/support/processes.hpp"

namespace polymux::test {
namespace {

using namespace std::chrono_literals;

/// Whoever is found not ready has to be told of by a signal from then on.
bool is_silent(Poller& poller) {
  std::array<Event, 4> events{};
  return poller.wait(events, 0ns).count == 0;
}

bool hears(Poller& poller, const Pair& pair) {
  send(pair.far, "x");
  std::array<Event, 4> events{};
  return poller.wait(events, bound()).count == 1;
}

class SigioFaults : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!is_built("sigio")) GTEST_SKIP() << "sigio is not available here";
  }
};

// In a child, for a signal that is not blocked ends the process.
TEST_F(SigioFaults, ReadinessComesWhateverStepOfArmingFails) {
  for (int step = 0; step < 6; ++step) {
    const int code = in_child([step] {
      auto poller = open("sigio");
      auto pair = socket_pair();
      {
        const FailingCall fault(Call::fcntl, EPERM, step);
        if (poller->add(pair.near.get(), Token{1}, Interest::read)) return 1;
      }
      if (!is_silent(*poller)) return 2;
      return hears(*poller, pair) ? 0 : 3;
    });
    EXPECT_EQ(code, 0) << "step " << step;
  }
}

TEST_F(SigioFaults, DisarmingNeverSetsOtherFlags) {
  auto pair = socket_pair();
  const int before = ::fcntl(pair.near.get(), F_GETFL);
  auto poller = open("sigio");
  for (int step = 0; step < 3; ++step) {
    ASSERT_TRUE(succeeded(poller->add(pair.near.get(), Token{1}, Interest::read)));
    {
      const FailingCall fault(Call::fcntl, EINTR, step);
      ASSERT_TRUE(succeeded(poller->remove(pair.near.get())));
    }
    EXPECT_EQ(::fcntl(pair.near.get(), F_GETFL) & ~O_ASYNC, before) << "step " << step;
    ::fcntl(pair.near.get(), F_SETFL, before);
  }
}

// The look that tells whose number it is, in the thread that takes the poller over.
TEST_F(SigioFaults, ReadinessComesToAnotherThreadThoughACheckFails) {
  auto poller = open("sigio");
  auto pair = socket_pair();
  ASSERT_TRUE(succeeded(poller->add(pair.near.get(), Token{1}, Interest::read)));
  std::array<Event, 4> events{};
  ASSERT_EQ(poller->wait(events, 0ns).count, 0U);

  std::thread([&] {
    {
      const FailingCall fault(Call::fstat, ENOMEM);
      ASSERT_EQ(poller->wait(events, 0ns).count, 0U);
      ASSERT_EQ(fault.count(), 1);
    }
    send(pair.far, "x");
    EXPECT_EQ(poller->wait(events, bound()).count, 1U);
  }).join();
}

TEST_F(SigioFaults, WithoutAMaskNoSignalIsAskedFor) {
  const int code = in_child([] {
    auto poller = open("sigio");
    auto pair = socket_pair();
    {
      const FailingCall fault(Call::sigmask, EINVAL, 0, 100);
      if (poller->add(pair.near.get(), Token{1}, Interest::read)) return 1;
    }
    if (!is_silent(*poller)) return 2;
    return hears(*poller, pair) ? 0 : 3;
  });

  EXPECT_EQ(code, 0);
}

// Who gave up root may be sent signals for files that it armed as root (fcntl(2), F_SETOWN).
TEST_F(SigioFaults, ReadinessComesAfterRootWasGivenUp) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give up root";
  const int code = in_child([] {
    auto poller = open("sigio");
    auto pair = socket_pair();
    if (poller->add(pair.near.get(), Token{1}, Interest::read)) return 1;
    if (!is_silent(*poller)) return 2;
    if (::setresuid(65534, 65534, 65534) != 0) return 3;
    return hears(*poller, pair) ? 0 : 4;
  });

  EXPECT_EQ(code, 0);
}

// One that was armed as another user is not told; registered anew, it is (docs/backends.md).
TEST_F(SigioFaults, AfterAnotherChangeOfUserAnewRegistrationIsTold) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can be any user";
  const int code = in_child([] {
    auto poller = open("sigio");
    auto pair = socket_pair();
    if (::setresuid(65533, 65533, 0) != 0) return 1;
    if (poller->add(pair.near.get(), Token{1}, Interest::read)) return 2;
    if (!is_silent(*poller)) return 3;
    if (::setresuid(0, 0, 0) != 0 || ::setresuid(65534, 65534, 65534) != 0) return 4;
    if (poller->remove(pair.near.get())) return 5;
    if (poller->add(pair.near.get(), Token{1}, Interest::read)) return 6;
    if (!is_silent(*poller)) return 7;
    return hears(*poller, pair) ? 0 : 8;
  });

  EXPECT_EQ(code, 0);
}

}  // namespace
}  // namespace polymux::test
