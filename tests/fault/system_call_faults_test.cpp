// What the library makes of system calls that fail, one at a time: with nobody tracing, and each
// where it hurts. run_faults.py does the same to the whole server from outside.

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

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
                                           Wait{"sigio", Call::ppoll},
                                           Wait{"io_uring", Call::ring_enter}),
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

}  // namespace
}  // namespace polymux::test
