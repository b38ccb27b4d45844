// What the library makes of system calls that fail, one at a time: with nobody tracing, and each
// where it hurts. run_faults.py does the same to the whole server from outside.

#include <dlfcn.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <ostream>
#include <string>
#include <thread>
#include <vector>

#include <polymux/polymux.hpp>

#include "tests/fault/failing_calls.hpp"
#include "tests/support/clocks.hpp"
#include "tests/support/descriptors.hpp"
#include "tests/support/poller_assertions.hpp"
#include "tests/support/processes.hpp"

namespace polymux::test {
namespace {

using namespace std::chrono_literals;

std::unique_ptr<Poller> open(const std::string& backend) {
  return open_poller(backend).poller;
}

bool is_built(const std::string& backend) {
  return open(backend) != nullptr;
}

// A C library may spell a call otherwise than it is spelt here.
#define EXPECT_FAILED_ONCE(fault) \
  if ((fault).count() == 0) GTEST_SKIP() << "this C library makes the call by another name"

// Waiting.

struct Wait {
  const char* backend;
  Call call;
};

class WaitFaults : public ::testing::TestWithParam<Wait> {
 protected:
  void SetUp() override {
    if (!is_built(GetParam().backend)) GTEST_SKIP() << "the backend is not available here";
  }
};

TEST_P(WaitFaults, ALoopOutlivesAWantOfMemory) {
  EventLoop loop(open(GetParam().backend));
  auto pair = socket_pair();
  CallbackWatcher watcher(loop, [&](Ready) { loop.stop(); });
  ASSERT_TRUE(succeeded(watcher.start(pair.near.get(), Interest::read)));
  send(pair.far, "x");
  const FailingCall fault(GetParam().call, ENOMEM, 0, 3);

  const auto error = loop.run();

  EXPECT_FAILED_ONCE(fault);
  EXPECT_TRUE(succeeded(error));
  EXPECT_EQ(fault.count(), 3);
}

TEST_P(WaitFaults, ALoopGivesUpOnAWantOfMemoryThatLasts) {
  EventLoop loop(open(GetParam().backend));
  const FailingCall fault(GetParam().call, ENOMEM, 0, 1'000'000);
  const CpuClock cpu;

  const auto error = loop.run();

  EXPECT_FAILED_ONCE(fault);
  EXPECT_EQ(error, std::errc::not_enough_memory);
  EXPECT_LT(fault.count(), 1000);
  EXPECT_LT(cpu.elapsed(), 200ms * slowness());
}

TEST_P(WaitFaults, ALoopThatWantsMemoryCanBeStopped) {
  EventLoop loop(open(GetParam().backend));
  const FailingCall fault(GetParam().call, ENOMEM, 0, 1'000'000);
  const Later stopper(30ms, [&] { loop.stop(); });

  EXPECT_TRUE(succeeded(loop.run()));
}

TEST_P(WaitFaults, ALoopOutlivesAWantOfResources) {
  EventLoop loop(open(GetParam().backend));
  Timer timer(loop, [&] { loop.stop(); });
  timer.start_after(1ms);
  // poll(2) of the BSDs and macOS.
  const FailingCall fault(GetParam().call, EAGAIN, 0, 2);

  const auto error = loop.run();

  EXPECT_FAILED_ONCE(fault);
  EXPECT_TRUE(succeeded(error));
}

TEST_P(WaitFaults, OtherErrorsAreTheCallers) {
  auto poller = open(GetParam().backend);
  const FailingCall fault(GetParam().call, EINVAL);
  std::array<Event, 4> events{};

  const auto result = poller->wait(events, 0ns);

  EXPECT_FAILED_ONCE(fault);
  EXPECT_EQ(result.error, std::errc::invalid_argument);
  EXPECT_EQ(result.count, 0U);
}

void PrintTo(const Wait& wait, std::ostream* out) {
  *out << wait.backend;
}

INSTANTIATE_TEST_SUITE_P(Every, WaitFaults,
                         ::testing::Values(Wait{"poll", Call::ppoll}, Wait{"select", Call::pselect},
                                           Wait{"sigio", Call::ppoll}),
                         [](const auto& one) { return std::string(one.param.backend); });

// Waking.

class EveryBackend : public ::testing::TestWithParam<std::string> {};

TEST_P(EveryBackend, AnInterruptedWakeIsNotLost) {
  auto poller = open(GetParam());
  Waited waited;
  {
    // Of what is written here, only the wake: the thread sleeps by then.
    const Later waker(50ms, [&] {
      const FailingCall fault(Call::write, EINTR, 0, 2);
      poller->wake();
    });
    waited = wait_once(*poller, bound());
  }

  EXPECT_TRUE(waited.result.woken);
  EXPECT_LT(waited.took, bound());
}

TEST_P(EveryBackend, AnInterruptedSignalIsNotLost) {
  EventLoop loop(open(GetParam()));
  SignalWatch watch(loop, [&] { loop.stop(); });
  ASSERT_TRUE(succeeded(watch.start(SIGUSR1)));
  const FailingCall fault(Call::write, EINTR, 0, 2);
  ::raise(SIGUSR1);

  ASSERT_TRUE(succeeded(loop.run_once(bound())));

  EXPECT_TRUE(succeeded(loop.run())) << "the loop was stopped";
}

// Asking what a number means.

TEST_P(EveryBackend, WhatFailsForAnotherReasonIsNotCalledClosed) {
  auto poller = open(GetParam());
  auto pair = socket_pair();
  const FailingCall fault(Call::fstat, ENOMEM);

  const auto error = poller->add(pair.near.get(), Token{1}, Interest::read);

  EXPECT_FAILED_ONCE(fault);
  EXPECT_EQ(error, std::errc::not_enough_memory);
  EXPECT_EQ(poller->remove(pair.near.get()), Errc::not_registered);
}

TEST_P(EveryBackend, ACheckThatFailsDoesNotSilenceAConnection) {
  auto poller = open(GetParam());
  auto pair = socket_pair();
  ASSERT_TRUE(succeeded(poller->add(pair.near.get(), Token{1}, Interest::read)));
  send(pair.far, "x");

  // Some check now and then whether the number still means the same file.
  const FailingCall fstat_fails(Call::fstat, ENOMEM, 0, 1000);
  const FailingCall fcntl_fails(Call::fcntl, EINTR, 0, 1000);
  for (int count = 0; count < 600; ++count) {
    ASSERT_EQ(look(*poller).ready(Token{1}), Ready::readable) << "report " << count;
  }
}

INSTANTIATE_TEST_SUITE_P(Every, EveryBackend, ::testing::ValuesIn([] {
                           std::vector<std::string> names;
                           for (const auto& status : available_backends()) {
                             if (status.is_available()) names.emplace_back(status.name);
                           }
                           return names;
                         }()),
                         [](const auto& one) { return one.param; });

// Serving.

Fd connect_to(const std::string& address) {
  sockaddr_in target{};
  target.sin_family = AF_INET;
  target.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const auto port = std::stoi(address.substr(address.rfind(':') + 1));
  target.sin_port = htons(static_cast<std::uint16_t>(port));
  Fd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_EQ(::connect(client.get(), reinterpret_cast<const sockaddr*>(&target), sizeof target), 0);
  return client;
}

// poll and select ask what the number means before they change a registration.
TEST(ServerFaults, AcceptingRestsThoughTheListenerCannotBeModified) {
  EventLoop loop(open("poll"));
  ToupperService service;
  ConnectionManager manager(loop, service);
  const auto listening = manager.listen("127.0.0.1:0");
  ASSERT_TRUE(listening) << listening.message;
  const auto client = connect_to(listening.addresses.front());
  {
    const DescriptorLimit limit(3);
    const FailingCall fault(Call::fstat, ENOMEM, 0, 1'000'000);
    ASSERT_TRUE(succeeded(loop.run_once(bound())));
    EXPECT_FAILED_ONCE(fault);
    // A listener that is still watched would end this wait at once.
    const auto before = std::chrono::steady_clock::now();
    ASSERT_TRUE(succeeded(loop.run_once(50ms)));
    EXPECT_GE(std::chrono::steady_clock::now() - before, 50ms);
  }

  const auto deadline = std::chrono::steady_clock::now() + bound();
  while (manager.counters().accepted == 0 && std::chrono::steady_clock::now() < deadline) {
    ASSERT_TRUE(succeeded(loop.run_once(50ms)));
  }
  EXPECT_EQ(manager.counters().accepted, 1U);
}

// epoll's own.

class EpollFaults : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!is_built("epoll")) GTEST_SKIP() << "epoll is not available here";
    poller_ = open("epoll");
  }
  Poller& poller() { return *poller_; }

  /// Removes `pair.near`, which is ready, from the poller and not from the kernel's set: the next
  /// wait finds what nobody has, and the one after it makes the set anew.
  void leave_behind(const Pair& pair) {
    send(pair.far, "x");
    const FailingCall fault(Call::epoll_ctl, ENOMEM);
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
  auto pair = socket_pair();
  ASSERT_TRUE(succeeded(poller().add(pair.near.get(), Token{1}, Interest::read)));
  send(pair.far, "x");
  {
    const FailingCall fault(Call::epoll_ctl, ENOMEM);
    EXPECT_EQ(poller().modify(pair.near.get(), Token{2}, Interest::write),
              std::errc::not_enough_memory);
  }
  expect_ready(poller(), Token{1}, Ready::readable);
}

TEST_F(EpollFaults, ARemoveThatTheKernelRefusesIsSilentAllTheSame) {
  auto pair = socket_pair();
  ASSERT_TRUE(succeeded(poller().add(pair.near.get(), Token{1}, Interest::read)));
  leave_behind(pair);

  // The set still has it, and is made anew for that.
  expect_silence(poller());
  EXPECT_TRUE(succeeded(poller().add(pair.near.get(), Token{3}, Interest::read)));
  expect_ready(poller(), Token{3}, Ready::readable);
}

TEST_F(EpollFaults, ASetThatCannotBeMadeAnewIsTriedAgain) {
  auto pair = socket_pair();
  auto other = socket_pair();
  ASSERT_TRUE(succeeded(poller().add(pair.near.get(), Token{1}, Interest::read)));
  ASSERT_TRUE(succeeded(poller().add(other.near.get(), Token{2}, Interest::read)));
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
  auto pair = socket_pair();
  auto other = socket_pair();
  ASSERT_TRUE(succeeded(poller().add(pair.near.get(), Token{1}, Interest::read)));
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
  auto pair = socket_pair();
  auto other = socket_pair();
  ASSERT_TRUE(succeeded(poller().add(pair.near.get(), Token{1}, Interest::read)));
  ASSERT_TRUE(succeeded(poller().add(other.near.get(), Token{2}, Interest::read)));
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
  auto pair = socket_pair();
  auto other = socket_pair();
  ASSERT_TRUE(succeeded(poller().add(pair.near.get(), Token{1}, Interest::read)));
  ASSERT_TRUE(succeeded(poller().add(other.near.get(), Token{2}, Interest::read)));
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

// libevent's own, which has its memory from us.

std::atomic<bool> is_libevent_starved{false};

void* allocate_for_libevent(std::size_t size) {
  return is_libevent_starved.load() ? nullptr : std::malloc(size);
}

// Looked for, since it need not be there. False if it is not.
bool feed_libevent() {
  using Feed = void(void* (*)(std::size_t), void* (*)(void*, std::size_t), void (*)(void*));
  static auto* const feed =
      reinterpret_cast<Feed*>(::dlsym(RTLD_DEFAULT, "event_set_mem_functions"));
  if (feed != nullptr) feed(allocate_for_libevent, std::realloc, std::free);
  return feed != nullptr;
}

TEST(LibeventFaults, AReusedNumberThatCannotBeTakenGivesNothingBackTwice) {
  if (!is_built("libevent") || !feed_libevent()) GTEST_SKIP() << "libevent is not there";
  auto poller = open("libevent");
  auto pair = socket_pair();
  auto reuser = socket_pair();
  const int number = pair.near.get();
  ASSERT_TRUE(succeeded(poller->add(number, Token{1}, Interest::read)));
  ASSERT_EQ(::dup2(reuser.near.get(), number), number);

  is_libevent_starved.store(true);
  const auto error = poller->add(number, Token{2}, Interest::read);
  is_libevent_starved.store(false);

  EXPECT_EQ(error, std::errc::not_enough_memory);
  EXPECT_TRUE(succeeded(poller->remove(number)));
  auto third = socket_pair();
  auto fourth = socket_pair();
  ASSERT_TRUE(succeeded(poller->add(third.near.get(), Token{3}, Interest::read)));
  ASSERT_TRUE(succeeded(poller->add(fourth.near.get(), Token{4}, Interest::read)));
  send(third.far, "x");
  send(fourth.far, "x");
  const auto waited = look(*poller);
  EXPECT_EQ(waited.ready(Token{3}), Ready::readable);
  EXPECT_EQ(waited.ready(Token{4}), Ready::readable);
}

// sigio's own.

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
      std::array<Event, 4> events{};
      // Found not ready: from now on a signal has to tell.
      if (poller->wait(events, 0ns).count != 0) return 2;
      send(pair.far, "x");
      return poller->wait(events, bound()).count == 1 ? 0 : 3;
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
    std::array<Event, 4> events{};
    if (poller->wait(events, 0ns).count != 0) return 2;
    send(pair.far, "x");
    return poller->wait(events, bound()).count == 1 ? 0 : 3;
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
    std::array<Event, 4> events{};
    if (poller->wait(events, 0ns).count != 0) return 2;
    if (::setresuid(65534, 65534, 65534) != 0) return 3;
    send(pair.far, "x");
    return poller->wait(events, bound()).count == 1 ? 0 : 4;
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
    std::array<Event, 4> events{};
    if (poller->wait(events, 0ns).count != 0) return 3;
    if (::setresuid(0, 0, 0) != 0 || ::setresuid(65534, 65534, 65534) != 0) return 4;
    if (poller->remove(pair.near.get())) return 5;
    if (poller->add(pair.near.get(), Token{1}, Interest::read)) return 6;
    if (poller->wait(events, 0ns).count != 0) return 7;
    send(pair.far, "x");
    return poller->wait(events, bound()).count == 1 ? 0 : 8;
  });

  EXPECT_EQ(code, 0);
}

}  // namespace
}  // namespace polymux::test
