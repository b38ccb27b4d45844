// What the io_uring backend says where a sandbox forbids it, and makes of a ring that fails.

#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

#include <polymux/polymux.hpp>

#include "tests/fault/failing_calls.hpp"
#include "tests/fault/fault_test.hpp"
#include "tests/support/descriptors.hpp"
#include "tests/support/poller_assertions.hpp"
#include "tests/support/processes.hpp"

namespace polymux::test {
namespace {

using namespace std::chrono_literals;

constexpr unsigned io_uring_setup_number = 425;
constexpr unsigned io_uring_enter_number = 426;

class IoUringFaults : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!is_built("io_uring")) GTEST_SKIP() << "io_uring is not available here";
  }
};

/// Has a system call of this process fail from now on, as a container does. The numbers of io_uring
/// are the same on every architecture.
bool forbid(unsigned call, int error) {
  std::array<sock_filter, 4> filter{{
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<unsigned>(error)),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  }};
  sock_fprog program{};
  program.len = static_cast<unsigned short>(filter.size());
  program.filter = filter.data();
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

/// What there is to say of io_uring in a child in which a call is forbidden: 0 if it is refused by
/// name with `condition`, is listed with a reason that says `said`, and another takes its place.
int refusal(unsigned call, int error, std::errc condition, const std::string& said) {
  return in_child([&] {
    if (!forbid(call, error)) return 77;
    const auto opened = open_poller("io_uring");
    if (opened || opened.error != condition) return 1;
    if (opened.message.find(said) == std::string::npos) return 2;
    const auto all = available_backends();
    const auto listed = std::ranges::find(all, "io_uring", &BackendStatus::name);
    if (listed == all.end() || listed->is_available() || listed->is_default) return 3;
    if (listed->reason.find(said) == std::string::npos) return 4;
    return open_poller() ? 0 : 5;
  });
}

TEST_F(IoUringFaults, ASandboxThatForbidsToMakeARingIsNamed) {
  const int code = refusal(io_uring_setup_number, EPERM, std::errc::operation_not_permitted,
                           "forbidden here, by seccomp or a security module");
  if (code == 77) GTEST_SKIP() << "no filter can be installed here";
  EXPECT_EQ(code, 0);
}

TEST_F(IoUringFaults, ASandboxThatForbidsToUseARingIsNamed) {
  const int code = refusal(io_uring_enter_number, EPERM, std::errc::operation_not_permitted,
                           "forbidden here, by seccomp or a security module");
  if (code == 77) GTEST_SKIP() << "no filter can be installed here";
  EXPECT_EQ(code, 0);
}

TEST_F(IoUringFaults, AKernelWithoutItIsNamed) {
  const int code = refusal(io_uring_setup_number, ENOSYS, std::errc::function_not_supported,
                           "this kernel has no io_uring");
  if (code == 77) GTEST_SKIP() << "no filter can be installed here";
  EXPECT_EQ(code, 0);
}

TEST_F(IoUringFaults, ALimitOfLockedMemoryIsNamed) {
  const int code =
      refusal(io_uring_setup_number, ENOMEM, std::errc::not_enough_memory, "RLIMIT_MEMLOCK");
  if (code == 77) GTEST_SKIP() << "no filter can be installed here";
  EXPECT_EQ(code, 0);
}

TEST_F(IoUringFaults, AServerByCompletionsIsRefusedWithTheSameReason) {
  const int code = in_child([] {
    if (!forbid(io_uring_setup_number, EPERM)) return 77;
    EventLoop loop(open_poller().poller);
    ToupperService service;
    CompletionManager manager(loop, service);
    const auto error = manager.open();
    if (error != std::errc::operation_not_permitted) return 1;
    return error.message().find("seccomp") == std::string::npos ? 2 : 0;
  });
  if (code == 77) GTEST_SKIP() << "no filter can be installed here";
  EXPECT_EQ(code, 0);
}

TEST_F(IoUringFaults, WhatHasNothingToDoWithItKeepsItsCode) {
  const int code = refusal(io_uring_setup_number, EMFILE, std::errc::too_many_files_open, "");
  if (code == 77) GTEST_SKIP() << "no filter can be installed here";
  EXPECT_EQ(code, 0);
}

// The kernel asks for room first: there may be completions that found none.
TEST_F(IoUringFaults, AFullRingOnlyDelaysAWait) {
  for (const int error : {EBUSY, EBADR, EINTR}) {
    auto poller = open("io_uring");
    auto pair = socket_pair();
    ASSERT_TRUE(succeeded(poller->add(pair.near.get(), Token{1}, Interest::read)));
    send(pair.far, "x");
    const FailingCall fault(Call::ring_enter, error, 0, 3);

    const auto waited = wait_once(*poller, 5s);

    EXPECT_FAILED_ONCE(fault);
    EXPECT_EQ(waited.ready(Token{1}), Ready::readable) << error;
    EXPECT_EQ(fault.count(), 3);
  }
}

TEST_F(IoUringFaults, AChangeThatTheRingDoesNotTakeIsMadeByTheNextWait) {
  auto poller = open("io_uring");
  auto gone = socket_pair();
  auto stays = socket_pair();
  ASSERT_TRUE(succeeded(poller->add(gone.near.get(), Token{1}, Interest::read)));
  ASSERT_TRUE(succeeded(poller->add(stays.near.get(), Token{2}, Interest::read)));
  static_cast<void>(look(*poller));
  {
    const FailingCall fault(Call::ring_enter, ENOMEM, 0, 1);
    EXPECT_TRUE(succeeded(poller->remove(gone.near.get())));
    EXPECT_FAILED_ONCE(fault);
  }
  gone.near.reset();
  send(stays.far, "x");

  EXPECT_EQ(look(*poller).ready(Token{2}), Ready::readable);

  EXPECT_TRUE(is_ready_for(gone.far, POLLHUP)) << "the request still holds the file";
}

// An answer that poll(2) has to confirm is not used up while it cannot.
TEST_F(IoUringFaults, AnAnswerOutlivesAWantOfMemory) {
  for (const auto interest : {Interest::read, Interest::read | Interest::priority}) {
    auto poller = open("io_uring");
    auto pair = connected_pair();
    ASSERT_TRUE(succeeded(poller->add(pair.near.get(), Token{1}, interest)));
    static_cast<void>(look(*poller));
    std::array<Event, 4> events{};
    {
      const Later sender(30ms, [&] { send(pair.far, "x"); });
      const FailingCall fault(Call::poll, ENOMEM, 0, 3);
      for (int round = 0; round < 3; ++round) {
        const auto result = poller->wait(events, 5s);
        if (result.count > 0) break;
        EXPECT_EQ(result.error, std::errc::not_enough_memory);
      }
      EXPECT_FAILED_ONCE(fault);
    }

    EXPECT_EQ(wait_once(*poller, 5s).ready(Token{1}), Ready::readable);
    EXPECT_EQ(look(*poller).ready(Token{1}), Ready::readable);
  }
}

// What is told first are the events that came before it.
TEST_F(IoUringFaults, AFailureBesideEventsIsToldByTheNextWait) {
  auto poller = open("io_uring");
  auto plain = socket_pair();
  auto urgent = connected_pair();
  ASSERT_TRUE(succeeded(poller->add(plain.near.get(), Token{1}, Interest::read)));
  // Held against poll(2).
  ASSERT_TRUE(
      succeeded(poller->add(urgent.near.get(), Token{2}, Interest::read | Interest::priority)));
  send(plain.far, "x");
  send(urgent.far, "x");
  ASSERT_TRUE(is_ready_for(urgent.near, POLLIN));
  std::array<Event, 4> events{};
  const FailingCall fault(Call::poll, EINVAL);

  const auto first = poller->wait(events, 0ns);
  const auto second = poller->wait(events, 0ns);

  EXPECT_FAILED_ONCE(fault);
  EXPECT_EQ(first.count, 1U);
  EXPECT_FALSE(first.error);
  EXPECT_EQ(second.error, std::errc::invalid_argument);
  EXPECT_EQ(look(*poller).result.count, 2U);
}

/// A server by completions, and a client of it.
class CompletionFaults : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const auto error = manager.open()) GTEST_SKIP() << error.message();
    const auto listening = manager.listen("127.0.0.1:0");
    ASSERT_TRUE(listening) << listening.message;
    address = listening.addresses.front();
  }

  [[nodiscard]] Fd connect() const {
    sockaddr_in target{};
    target.sin_family = AF_INET;
    target.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    target.sin_port =
        htons(static_cast<std::uint16_t>(std::stoul(address.substr(address.rfind(':') + 1))));
    Fd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::connect(client.get(), reinterpret_cast<const sockaddr*>(&target), sizeof target),
              0);
    return client;
  }

  void run_for(std::chrono::nanoseconds span) {
    const auto deadline = std::chrono::steady_clock::now() + span;
    while (std::chrono::steady_clock::now() < deadline) ASSERT_FALSE(loop.run_once(10ms));
  }

  /// What a client that says `text` hears.
  std::string ask(const Fd& client, const std::string& text) {
    EXPECT_EQ(::send(client.get(), text.data(), text.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(text.size()));
    std::string answer;
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    while (answer.size() < text.size() && std::chrono::steady_clock::now() < deadline) {
      EXPECT_FALSE(loop.run_once(10ms));
      std::array<char, 64> bytes{};
      const auto count = ::recv(client.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
      if (count > 0) answer.append(bytes.data(), static_cast<std::size_t>(count));
    }
    return answer;
  }

  EventLoop loop{open_poller().poller};
  ToupperService service;
  CompletionManager manager{loop, service};
  std::string address;
};

TEST_F(CompletionFaults, WhatTheKernelDoesNotTakeIsHandedOverLater) {
  for (const int error : {EAGAIN, EBADR, EBUSY, EINTR, ENOMEM}) {
    const auto client = connect();
    EXPECT_EQ(ask(client, "before"), "BEFORE");
    const FailingCall fault(Call::ring_enter, error, 0, 3);

    EXPECT_EQ(ask(client, "after"), "AFTER") << error;

    EXPECT_FAILED_ONCE(fault);
    EXPECT_EQ(fault.count(), 3);
  }
  EXPECT_EQ(manager.counters().resets, 0U);
}

TEST_F(CompletionFaults, AWantThatLastsIsNoReasonToSpin) {
  const auto client = connect();
  EXPECT_EQ(ask(client, "before"), "BEFORE");
  const FailingCall fault(Call::ring_enter, ENOMEM, 0, 1'000'000);
  ASSERT_EQ(::send(client.get(), "x", 1, MSG_NOSIGNAL), 1);

  run_for(500ms);

  EXPECT_FAILED_ONCE(fault);
  EXPECT_LE(fault.count(), 20);
}

TEST_F(CompletionFaults, ItEndsThoughTheKernelTakesNothing) {
  const auto client = connect();
  EXPECT_EQ(ask(client, "before"), "BEFORE");
  const auto gone = connect();
  const FailingCall fault(Call::ring_enter, ENOMEM, 0, 1'000'000);
  bool is_over = false;

  manager.drain([&] { is_over = true; });
  manager.close_all();
  run_for(50ms);

  EXPECT_FAILED_ONCE(fault);
  EXPECT_TRUE(is_over);
  EXPECT_TRUE(is_ready_for(client, POLLIN));
}

}  // namespace
}  // namespace polymux::test
