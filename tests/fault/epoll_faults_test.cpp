// What the epoll backend makes of system calls that fail.

#include <gtest/gtest.h>
#include <signal.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <memory>
#include <system_error>

#include <polymux/polymux.hpp>

#include "tests/fault/failing_calls.hpp"
#include "tests/fault/fault_test.hpp"
#include "tests/support/clocks.hpp"
#include "tests/support/descriptors.hpp"
#include "tests/support/poller_assertions.hpp"

namespace polymux::test {
namespace {

using namespace std::chrono_literals;

class EpollFaults : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!is_built("epoll")) GTEST_SKIP() << "epoll is not available here";
    poller_ = open("epoll");
  }
  Poller& poller() { return *poller_; }

  /// A pair whose near end is registered for reading.
  Pair registered(Token token) {
    auto pair = socket_pair();
    EXPECT_TRUE(succeeded(poller().add(pair.near.get(), token, Interest::read)));
    return pair;
  }

  /// Removes `pair.near`, which is ready, from the poller and not from the kernel's set: the next
  /// wait finds what nobody has, and the one after it makes the set anew.
  void leave_behind(const Pair& pair) {
    send(pair.far, "x");
    const FailingCall fault(Call::epoll_ctl, ENOMEM, 0, 2);
    EXPECT_TRUE(succeeded(poller().remove(pair.near.get())));
  }

  std::error_code wait_now() {
    std::array<Event, 4> events{};
    return poller().wait(events, 0ns).error;
  }

 private:
  std::unique_ptr<Poller> poller_;
};

TEST_F(EpollFaults, TooManyWatchesAreAnErrorOfTheirOwn) {
  auto pair = socket_pair();
  const FailingCall fault(Call::epoll_ctl, ENOSPC);

  const auto error = poller().add(pair.near.get(), Token{1}, Interest::read);

  ASSERT_EQ(fault.count(), 1);
  // fs.epoll.max_user_watches of epoll(7).
  EXPECT_EQ(error, std::errc::no_space_on_device);
  EXPECT_EQ(poller().remove(pair.near.get()), Errc::not_registered);
  EXPECT_TRUE(succeeded(poller().add(pair.near.get(), Token{1}, Interest::read)));
}

TEST_F(EpollFaults, AModifyForWantOfMemoryLeavesTheRegistrationAsItWas) {
  auto pair = registered(Token{1});
  send(pair.far, "x");
  {
    const FailingCall fault(Call::epoll_ctl, ENOMEM);
    EXPECT_EQ(poller().modify(pair.near.get(), Token{2}, Interest::write),
              std::errc::not_enough_memory);
  }
  expect_ready(poller(), Token{1}, Ready::readable);
}

TEST_F(EpollFaults, ARemoveThatTheKernelRefusesIsSilentAllTheSame) {
  auto pair = registered(Token{1});
  leave_behind(pair);

  // The set still has it, and is made anew for that.
  expect_silence(poller());
  EXPECT_TRUE(succeeded(poller().add(pair.near.get(), Token{3}, Interest::read)));
  expect_ready(poller(), Token{3}, Ready::readable);
}

TEST_F(EpollFaults, ASetThatCannotBeMadeAnewIsTriedAgain) {
  auto pair = registered(Token{1});
  auto other = registered(Token{2});
  leave_behind(pair);
  // Finds the leftover.
  ASSERT_TRUE(succeeded(wait_now()));
  {
    // The wake-up is watched first, then the one that is left.
    const FailingCall fault(Call::epoll_ctl, ENOSPC, 1);
    EXPECT_EQ(wait_now(), std::errc::no_space_on_device);
    EXPECT_EQ(fault.count(), 1);
  }

  send(other.far, "x");
  expect_ready(poller(), Token{2}, Ready::readable);
}

TEST_F(EpollFaults, WithoutASecondSetTheFirstIsKept) {
  auto pair = registered(Token{1});
  auto other = socket_pair();
  leave_behind(pair);
  ASSERT_TRUE(succeeded(wait_now()));
  {
    const FailingCall fault(Call::epoll_create, ENOMEM, 0, 2);
    EXPECT_EQ(wait_now(), std::errc::not_enough_memory);
    EXPECT_TRUE(succeeded(poller().add(other.near.get(), Token{2}, Interest::read)));
  }

  send(other.far, "x");
  expect_ready(poller(), Token{2}, Ready::readable);
}

TEST_F(EpollFaults, ASetWhoseDescriptorAnotherTookIsMadeAnewLater) {
  auto pair = registered(Token{1});
  auto other = registered(Token{2});
  leave_behind(pair);
  ASSERT_TRUE(succeeded(wait_now()));
  {
    const FailingCall fault(Call::epoll_create, EMFILE, 0, 2);
    EXPECT_EQ(wait_now(), std::errc::too_many_files_open);
    // Not the number's fault.
    EXPECT_EQ(poller().modify(other.near.get(), Token{2}, Interest::write),
              std::errc::too_many_files_open);
  }

  send(other.far, "x");
  expect_ready(poller(), Token{2}, Ready::readable);
}

TEST_F(EpollFaults, ASetMadeAnewKeepsWhatIsOpenThoughACheckFails) {
  auto pair = registered(Token{1});
  auto other = registered(Token{2});
  leave_behind(pair);
  {
    const FailingCall fault(Call::fstat, EBADF, 0, 1000);
    expect_silence(poller());
    EXPECT_FAILED_ONCE(fault);
  }

  send(other.far, "x");
  expect_ready(poller(), Token{2}, Ready::readable);
}

TEST_F(EpollFaults, AnEdgeThatComesWhileTheSetIsMadeAnewIsTold) {
  auto pair = socket_pair();
  auto other = socket_pair();
  const auto both = Interest::read | Interest::write;
  ASSERT_TRUE(succeeded(poller().add(pair.near.get(), Token{1}, both, Trigger::edge)));
  ASSERT_TRUE(succeeded(poller().add(other.near.get(), Token{2}, Interest::read)));
  leave_behind(other);

  // The leftover takes the second place, and the same wait makes the set anew and looks again.
  Waited first;
  {
    const BeforeCall fresh_set(Call::epoll_ctl, [&] { send(pair.far, "x"); });
    first = look(poller(), 2);
    ASSERT_TRUE(fresh_set.has_happened());
  }

  EXPECT_EQ(first.count(Token{1}), 1U);
  const auto told = first.ready(Token{1}) | look(poller(), 2).ready(Token{1});
  EXPECT_EQ(told, Ready::readable | Ready::writable);
}

TEST_F(EpollFaults, SignalsArriveThoughTheirNumberWasTakenForClosed) {
  EventLoop loop(open("epoll"));
  int seen = 0;
  SignalWatch watch(loop, [&] { ++seen; });
  ASSERT_TRUE(succeeded(watch.start(SIGUSR1)));

  // Some check now and then whether the number still means the same file.
  const FailingCall fault(Call::fstat, EBADF, 0, 1);
  for (int count = 0; count < 600; ++count) {
    ::raise(SIGUSR1);
    ASSERT_TRUE(succeeded(loop.run_once(bound())));
    ASSERT_EQ(seen, count + 1);
  }
  EXPECT_FAILED_ONCE(fault);
}

}  // namespace
}  // namespace polymux::test
