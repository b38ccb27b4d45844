#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <string>
#include <vector>

#include "tests/conformance/conformance_test.hpp"
#include "tests/support/allocations.hpp"
#include "tests/support/processes.hpp"

extern char** environ;

namespace polymux::test {
namespace {

/// What a library could change behind a program's back.
struct ProcessState {
  std::vector<std::string> handlers;
  std::vector<std::string> environment;
  std::vector<int> blocked;

  static ProcessState now() {
    ProcessState state;
    sigset_t mask;
    ::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
    for (int number = 1; number < NSIG; ++number) {
      struct sigaction action {};
      if (::sigaction(number, nullptr, &action) != 0) continue;
      const auto handler = action.sa_handler;
      state.handlers.emplace_back(reinterpret_cast<const char*>(&handler), sizeof handler);
      if (sigismember(&mask, number) == 1) state.blocked.push_back(number);
    }
    for (char** entry = environ; *entry != nullptr; ++entry) state.environment.emplace_back(*entry);
    return state;
  }
};

class OwnRules : public ConformanceTest {
 protected:
  void SetUp() override {
    // What only the first poller of a process changes is seen by comparing with the time before.
    before_first_ = ProcessState::now();
    ConformanceTest::SetUp();
  }

  [[nodiscard]] const ProcessState& before_first() const { return before_first_; }

  /// Makes the poller open whatever it opens only when it is needed.
  static void use(Poller& poller) {
    auto [near, far] = connected_pair();
    auto [reader, writer] = open_pipe();
    EXPECT_TRUE(succeeded(poller.add(near.get(), Token{1}, Interest::write)));
    EXPECT_TRUE(succeeded(poller.add(reader.get(), Token{2}, Interest::read)));
    static_cast<void>(poller.pollable_handle());
    poller.wake();
    EXPECT_TRUE(look(poller).result.woken);
    EXPECT_TRUE(succeeded(poller.remove(near.get())));
    EXPECT_TRUE(succeeded(poller.remove(reader.get())));
  }

 private:
  ProcessState before_first_;
};
POLYMUX_FOR_EVERY_SUBJECT(OwnRules);

TEST_P(OwnRules, Own1DestroyedPollerLeavesDescriptorsOpen) {
  auto [near, far] = connected_pair();
  auto [reader, writer] = open_pipe();
  add(near, Token{1}, Interest::read);
  add(reader, Token{2}, Interest::read, Trigger::oneshot);
  add(writer, Token{3}, Interest::none);

  take_poller().reset();

  send(far, "x");
  EXPECT_TRUE(is_ready_for(near, POLLIN));
  send(writer, "y");
  EXPECT_EQ(drain(reader), "y");
}

TEST_P(OwnRules, Own1PollerNeitherReadsNorChangesDescriptors) {
  auto [near, far] = connected_pair();
  auto [reader, writer] = open_pipe();
  send(far, "data");
  send(writer, "data");
  ASSERT_EQ(::fcntl(reader.get(), F_SETFL, 0), 0) << "a blocking one";
  ASSERT_EQ(::fcntl(reader.get(), F_SETFD, 0), 0);
  std::vector<int> before;
  std::vector<int> after;
  const std::array watched{&near, &reader};
  const auto note = [&](std::vector<int>& flags) {
    for (const auto* fd : watched) {
      flags.push_back(::fcntl(fd->get(), F_GETFL));
      flags.push_back(::fcntl(fd->get(), F_GETFD));
      flags.push_back(::fcntl(fd->get(), F_GETOWN));
    }
  };
  note(before);

  for (const auto trigger : {Trigger::level, Trigger::oneshot}) {
    add(near, Token{1}, Interest::read, trigger);
    add(reader, Token{2}, Interest::read, trigger);
    EXPECT_EQ(look(poller()).events.size(), 2U);
    EXPECT_TRUE(succeeded(poller().remove(near.get())));
    EXPECT_TRUE(succeeded(poller().remove(reader.get())));
  }

  note(after);
  EXPECT_EQ(before, after);
  EXPECT_EQ(drain(near), "data");
  char block[8];
  EXPECT_EQ(::read(reader.get(), block, sizeof block), 4);
}

TEST_P(OwnRules, Own1OwnerOfASocketStaysItsOwner) {
  // To whom SIGURG goes: it is ignored unless somebody handles it.
  auto [near, far] = connected_pair();
  ASSERT_EQ(::fcntl(near.get(), F_SETOWN, ::getpid()), 0);

  add(near, Token{1}, Interest::read);
  expect_silence(std::chrono::milliseconds(20));

  EXPECT_EQ(::fcntl(near.get(), F_GETOWN), ::getpid());
  send(far, "x");
  expect_ready(Token{1}, Ready::readable);
  EXPECT_TRUE(succeeded(poller().remove(near.get())));
  EXPECT_EQ(::fcntl(near.get(), F_GETOWN), ::getpid());
  EXPECT_EQ(::fcntl(near.get(), F_GETFL) & O_ASYNC, 0);
}

TEST_P(OwnRules, Own2EveryDescriptorOfThePollerIsClosedOnExec) {
  const auto before = open_numbers();
  const auto other = open_another();
  ASSERT_NE(other, nullptr);
  use(*other);

  std::vector<int> opened;
  std::ranges::set_difference(open_numbers(), before, std::back_inserter(opened));

  for (const int number : opened) {
    EXPECT_NE(::fcntl(number, F_GETFD) & FD_CLOEXEC, 0) << "descriptor " << number;
  }
}

TEST_P(OwnRules, Own3DestroyedPollerLeavesNoDescriptorBehind) {
  const auto before = open_numbers();
  for (int round = 0; round < 3; ++round) {
    const auto other = open_another();
    ASSERT_NE(other, nullptr);
    use(*other);
  }

  EXPECT_EQ(open_numbers(), before);
}

TEST_P(OwnRules, Own4ProcessIsLeftAsItWas) {
  take_poller().reset();
  const auto& before = before_first();
  auto another = open_another();
  ASSERT_NE(another, nullptr);
  use(*another);

  const auto during = ProcessState::now();
  another.reset();
  const auto after = ProcessState::now();

  for (const auto* state : {&during, &after}) {
    EXPECT_TRUE(state->handlers == before.handlers) << "signal handlers";
    EXPECT_TRUE(state->environment == before.environment) << "environment";
  }
  EXPECT_EQ(after.blocked, before.blocked) << "signal mask, once it is destroyed";
  // A backend that works by signals blocks those, and no other.
  for (const int number : during.blocked) {
    const bool was_blocked = std::ranges::count(before.blocked, number) != 0;
    EXPECT_TRUE(was_blocked || number == SIGIO || is_real_time_signal(number))
        << "signal " << number;
  }
}

TEST_P(OwnRules, Own4RefusalsDoNotEndTheProcess) {
  auto [reader, writer] = open_pipe();
  const auto device = open_file("/dev/null", O_RDONLY);

  for (const int number : {-1, closed_number(), device.get(), writer.get()}) {
    EXPECT_TRUE(poller().add(number, Token{1}, Interest::read)) << number;
    EXPECT_TRUE(poller().modify(number, Token{1}, Interest::read)) << number;
    EXPECT_TRUE(poller().remove(number)) << number;
  }
  EXPECT_TRUE(poller().wait({}, std::chrono::nanoseconds::zero()).error);
  add(reader, Token{1}, Interest::read);
  const int number = reader.get();
  reader.reset();
  EXPECT_TRUE(poller().modify(number, Token{1}, Interest::read));
}

TEST_P(OwnRules, Own5ManyRegistrationsInTurnDoNotGrow) {
  constexpr int cycles = 10'000;
  allow_cpu(std::chrono::milliseconds(600));
  auto [near, far] = connected_pair();
  auto [reader, writer] = open_pipe();
  const std::array watched{&near, &reader};
  const auto cycle = [&](int count) {
    for (int round = 0; round < count; ++round) {
      for (const auto* fd : watched) {
        if (poller().add(fd->get(), Token{1}, Interest::read) || poller().remove(fd->get())) {
          FAIL() << "in round " << round;
        }
      }
    }
  };
  cycle(500);
  const auto open_before = open_numbers();
  const auto resident_before = greatest_resident_kibibytes();
  const auto allocations_before = allocations();

  cycle(cycles);

  EXPECT_EQ(allocations() - allocations_before, 0U) << "allocations in " << cycles << " cycles";
  EXPECT_EQ(open_numbers(), open_before);
  if (!is_sanitized()) {
    EXPECT_LE(greatest_resident_kibibytes() - resident_before, 512)
        << "KiB in " << cycles << " cycles";
  }
}

TEST_P(OwnRules, Own6OutOfDescriptorsAtAddIsToldAndHarmsNothing) {
  auto [near, far] = connected_pair();
  auto [reader, writer] = open_pipe();
  add(near, Token{1}, Interest::read);
  std::error_code error;
  {
    const ExhaustedDescriptors exhausted;
    error = poller().add(reader.get(), Token{2}, Interest::read);
    EXPECT_TRUE(!error || error == std::errc::too_many_files_open) << describe(error);
    expect_silence(std::chrono::milliseconds(20));
  }

  if (error) add(reader, Token{2}, Interest::read);

  send(writer, "x");
  expect_ready(Token{2}, Ready::readable);
}

TEST_P(OwnRules, Own7DescriptorMayBeWithSeveralPollers) {
  auto [near, far] = connected_pair();
  auto [reader, writer] = open_pipe();
  auto other = open_another();
  ASSERT_NE(other, nullptr);
  add(near, Token{1}, Interest::read);
  add(reader, Token{2}, Interest::read);
  EXPECT_TRUE(succeeded(other->add(near.get(), Token{3}, Interest::read, Trigger::oneshot)));
  EXPECT_TRUE(succeeded(other->add(reader.get(), Token{4}, Interest::read)));
  expect_silence(std::chrono::milliseconds(20));
  test::expect_silence(*other, std::chrono::milliseconds(20));

  send(far, "x");
  expect_ready(Token{1}, Ready::readable);
  test::expect_ready(*other, Token{3}, Ready::readable);
  test::expect_silence(*other, std::chrono::milliseconds(20));
  expect_ready(Token{1}, Ready::readable);
  drain(near);

  EXPECT_TRUE(succeeded(other->remove(reader.get())));
  expect_silence(std::chrono::milliseconds(20));
  send(writer, "y");
  expect_ready(Token{2}, Ready::readable);
  drain(reader);
  other.reset();
  expect_silence(std::chrono::milliseconds(20));
  send(far, "z");
  expect_ready(Token{1}, Ready::readable);
}

TEST_P(OwnRules, Own7WhoeverRegisteredFirstMayGoFirst) {
  auto [near, far] = connected_pair();
  auto first = open_another();
  ASSERT_NE(first, nullptr);
  EXPECT_TRUE(succeeded(first->add(near.get(), Token{1}, Interest::read)));
  add(near, Token{2}, Interest::read);
  expect_silence(std::chrono::milliseconds(20));

  first.reset();

  expect_silence(std::chrono::milliseconds(20));
  send(far, "x");
  expect_ready(Token{2}, Ready::readable);
}

}  // namespace
}  // namespace polymux::test

POLYMUX_SUITE_PART(own_rules)
