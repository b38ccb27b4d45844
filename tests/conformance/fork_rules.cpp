#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <vector>

#include "tests/conformance/conformance_test.hpp"
#include "tests/support/processes.hpp"

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

}  // namespace
}  // namespace polymux::test
