#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>
#include <vector>

#include "tests/conformance/conformance_test.hpp"
#include "tests/support/processes.hpp"

extern char** environ;

// A child only looks and leaves: its exit code says which of its steps went wrong, 0 if none did.

namespace polymux::test {
namespace {

class ForkRules : public ConformanceTest {};
POLYMUX_FOR_EVERY_SUBJECT(ForkRules);

TEST_P(ForkRules, Fork1UseInTheChildIsRefused) {
  auto [near, far] = connected_pair();
  auto fresh = connected_pair();
  add(near, Token{1}, Interest::read);
  send(far, "x");
  ASSERT_TRUE(is_ready_for(near, POLLIN));

  const int failed_step = in_child([&, &near = near] {
    std::array<Event, 4> buffer{};
    if (poller().add(fresh.near.get(), Token{2}, Interest::read) != Errc::used_after_fork) return 1;
    if (poller().modify(near.get(), Token{2}, Interest::none) != Errc::used_after_fork) return 2;
    if (poller().remove(near.get()) != Errc::used_after_fork) return 3;
    const auto result = poller().wait(buffer, std::chrono::nanoseconds::zero());
    if (result.error != Errc::used_after_fork || result.count != 0) return 4;
    if (poller().pollable_handle()) return 5;
    if (poller().wait({}, std::nullopt).error != Errc::used_after_fork) return 6;
    const auto unknown = static_cast<Interest>(0x40);
    if (poller().add(-1, Token{2}, unknown) != Errc::used_after_fork) return 7;
    if (poller().modify(-1, Token{2}, unknown) != Errc::used_after_fork) return 8;
    if (poller().remove(-1) != Errc::used_after_fork) return 9;
    return 0;
  });

  EXPECT_EQ(failed_step, 0);
  EXPECT_EQ(expect_ready(Token{1}, Ready::readable), Ready::readable);
  drain(near);
  expect_silence();
}

TEST_P(ForkRules, Fork1WakeInTheChildDoesNotWakeTheParent) {
  const int failed_step = in_child([&] {
    poller().wake();
    return 0;
  });

  EXPECT_EQ(failed_step, 0);
  expect_silence(std::chrono::milliseconds(100));
  poller().wake();
  EXPECT_TRUE(look(poller()).result.woken);
}

TEST_P(ForkRules, Fork1WakeInTheChildDoesNotShowOnTheHandleOfTheParent) {
  const auto handle = poller().pollable_handle();
  if (!handle) GTEST_SKIP() << "the backend has no handle; see CAP-2";

  const int failed_step = in_child([&] {
    poller().wake();
    return 0;
  });

  EXPECT_EQ(failed_step, 0);
  pollfd entry{.fd = *handle, .events = POLLIN, .revents = 0};
  EXPECT_EQ(::poll(&entry, 1, 0), 0) << "the parent's handle is readable";
}

TEST_P(ForkRules, Fork1UseInAGrandchildIsRefused) {
  const int failed_step = in_child([&] {
    return in_child([&] { return poller().remove(0) == Errc::used_after_fork ? 0 : 1; });
  });

  EXPECT_EQ(failed_step, 0);
}

TEST_P(ForkRules, Fork2DestroyingInTheChildChangesNothingForTheParent) {
  auto [near, far] = connected_pair();
  auto [reader, writer] = open_pipe();
  add(near, Token{1}, Interest::read);
  add(reader, Token{2}, Interest::read);

  const int failed_step = in_child([&] {
    take_poller().reset();
    return 0;
  });

  EXPECT_EQ(failed_step, 0);
  send(far, "x");
  EXPECT_EQ(expect_ready(Token{1}, Ready::readable), Ready::readable);
  drain(near);
  send(writer, "y");
  EXPECT_EQ(expect_ready(Token{2}, Ready::readable), Ready::readable);
  drain(reader);
  const Later later(std::chrono::milliseconds(10), [this] { poller().wake(); });
  EXPECT_TRUE(wait_once(poller(), bound()).result.woken);
}

TEST_P(ForkRules, Fork3NumbersOfTheChildStayItsOwn) {
  auto [reader, writer] = open_pipe();
  add(reader, Token{1}, Interest::read);
  static_cast<void>(poller().pollable_handle());
  const auto numbers = open_numbers();

  const int failed_step = in_child([&] {
    const int device = ::open("/dev/null", O_RDONLY);
    for (const int number : numbers) {
      if (number > 2 && ::dup2(device, number) < 0) return 1;
    }
    take_poller().reset();
    for (const int number : numbers) {
      if (::fcntl(number, F_GETFD) < 0) return 2;
    }
    return 0;
  });

  EXPECT_EQ(failed_step, 0);
  send(writer, "x");
  expect_ready(Token{1}, Ready::readable);
}

TEST_P(ForkRules, Fork4ChildMayOpenItsOwn) {
  auto [near, far] = connected_pair();
  add(near, Token{1}, Interest::read);
  send(far, "x");
  ASSERT_TRUE(is_ready_for(near, POLLIN));

  const int failed_step = in_child([&, &near = near] {
    const auto own = open_another();
    if (!own) return 1;
    if (own->add(near.get(), Token{2}, Interest::read)) return 2;
    std::array<Event, 4> buffer{};
    const auto result = own->wait(buffer, bound());
    if (result.count != 1 || buffer[0] != Event{Token{2}, Ready::readable}) return 3;
    own->wake();
    if (!own->wait(buffer, bound()).woken) return 4;
    return own->remove(near.get()) ? 5 : 0;
  });

  EXPECT_EQ(failed_step, 0);
  EXPECT_EQ(expect_ready(Token{1}, Ready::readable), Ready::readable);
  EXPECT_FALSE(look(poller()).result.woken);
}

TEST_P(ForkRules, Fork4ChildMayRegisterWhatTheParentHasNot) {
  // Each in turn: the parent's poller is there, and it is gone.
  auto [mine, my_peer] = connected_pair();
  add(mine, Token{1}, Interest::read);
  expect_silence(std::chrono::milliseconds(20));
  auto [near, far] = connected_pair();

  const int failed_step = in_child([&, &near = near, &far = far] {
    for (const bool is_parents_gone : {false, true}) {
      if (is_parents_gone) take_poller().reset();
      const auto own = open_another();
      const auto second = open_another();
      if (!own || !second) return 1;
      if (own->add(near.get(), Token{2}, Interest::read)) return 2;
      std::array<Event, 4> buffer{};
      if (own->wait(buffer, std::chrono::milliseconds(10)) != WaitResult{}) return 3;
      if (second->wait(buffer, std::chrono::nanoseconds::zero()) != WaitResult{}) return 4;
      send(far, "x");
      if (own->wait(buffer, bound()).count != 1) return 5;
      if (buffer[0] != Event{Token{2}, Ready::readable}) return 6;
      drain(near);
      if (own->wait(buffer, std::chrono::milliseconds(10)) != WaitResult{}) return 7;
      if (own->remove(near.get())) return 8;
    }
    return 0;
  });

  EXPECT_EQ(failed_step, 0);
  send(far, "y");
  expect_silence(std::chrono::milliseconds(20));
  send(my_peer, "z");
  EXPECT_EQ(expect_ready(Token{1}, Ready::readable), Ready::readable);
}

TEST_P(ForkRules, Fork5DescriptorThatAChildHasOpenIsSilentAfterRemove) {
  // The child's copy keeps the file open, as a duplicate would.
  auto [near, far] = connected_pair();
  const auto leave = open_pipe();
  add(near, Token{1}, Interest::read);
  Child child([&] { return is_ready_for(leave.reader, POLLIN) ? 0 : 1; });

  EXPECT_TRUE(succeeded(poller().remove(near.get())));
  near.reset();
  send(far, "x");

  expect_silence(std::chrono::milliseconds(100));
  send(leave.writer, "x");
  EXPECT_EQ(child.wait(), 0);
}

TEST_P(ForkRules, Fork5DescriptorThatAChildHasOpenDoesNotSpinIfItIsClosedFirst) {
  auto [near, far] = connected_pair();
  const auto leave = open_pipe();
  add(near, Token{1}, Interest::read);
  const int number = near.get();
  Child child([&] { return is_ready_for(leave.reader, POLLIN) ? 0 : 1; });

  near.reset();
  EXPECT_TRUE(succeeded(poller().remove(number)));
  send(far, "x");

  expect_silence(std::chrono::milliseconds(100));
  send(leave.writer, "x");
  EXPECT_EQ(child.wait(), 0);
}

TEST_P(ForkRules, Fork6StartedProgramChangesNothing) {
  // The child shares the parent's memory until it has begun the program, where there is vfork.
  auto [near, far] = connected_pair();
  add(near, Token{1}, Interest::read);
  std::array<char, 8> name{"true"};
  std::array<char*, 2> arguments{name.data(), nullptr};
  for (int round = 0; round < 3; ++round) {
    pid_t id = 0;
    ASSERT_EQ(::posix_spawnp(&id, name.data(), nullptr, nullptr, arguments.data(), environ), 0);
    int status = 0;
    while (::waitpid(id, &status, 0) < 0 && errno == EINTR) {
    }
    EXPECT_EQ(status, 0);

    expect_silence(std::chrono::milliseconds(20));
    send(far, "x");
    EXPECT_EQ(expect_ready(Token{1}, Ready::readable), Ready::readable);
    drain(near);
    poller().wake();
    EXPECT_TRUE(look(poller()).result.woken);
    modify(near, Token{1}, Interest::read);
  }
  EXPECT_TRUE(succeeded(poller().remove(near.get())));
}

}  // namespace
}  // namespace polymux::test

POLYMUX_SUITE_PART(fork_rules)
