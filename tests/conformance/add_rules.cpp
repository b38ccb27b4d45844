#include <fcntl.h>
#include <poll.h>
#include <sys/select.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <limits>
#include <vector>

#include "tests/conformance/add_test.hpp"
#include "tests/support/processes.hpp"

namespace polymux::test {
namespace {

class AddRules : public AddTest {};
POLYMUX_FOR_EVERY_SUBJECT(AddRules);

TEST_P(AddRules, Add1WhatIsReadyAtRegistrationIsReported) {
  for (const auto trigger : {Trigger::level, Trigger::oneshot, Trigger::edge}) {
    if (trigger == Trigger::edge && !capabilities().edge) continue;
    auto [near, far] = connected_pair();
    send(far, "early");
    ASSERT_TRUE(is_ready_for(near, POLLIN));

    add(near, Token{1}, Interest::read, trigger);

    EXPECT_EQ(look(poller()).ready(Token{1}), Ready::readable) << to_string(trigger);
    EXPECT_TRUE(succeeded(poller().remove(near.get())));
  }
}

TEST_P(AddRules, Add2EachDescriptorIsReportedUnderItsToken) {
  std::vector<Pair> pairs;
  std::vector<Token> tokens{Token{0}, Token{1}, Token{std::uint64_t{1} << 32},
                            Token{std::numeric_limits<std::uint64_t>::max()}};
  for (const auto token : tokens) {
    pairs.push_back(connected_pair());
    add(pairs.back().near, token, Interest::read);
  }
  expect_silence();

  for (std::size_t index = 0; index < pairs.size(); ++index) {
    send(pairs[index].far, "x");

    expect_ready(tokens[index], Ready::readable);
    drain(pairs[index].near);
  }
}

TEST_P(AddRules, Add5NumberThatIsNotOpenIsRefused) {
  for (const int number : {-1, std::numeric_limits<int>::min(), closed_number()}) {
    expect_refused(number, Errc::bad_descriptor);
    expect_refused(number, Errc::bad_descriptor, Interest::none);
  }
  const int greatest = std::numeric_limits<int>::max();
  expect_refused(greatest,
                 capabilities().greatest_fd ? Errc::descriptor_too_large : Errc::bad_descriptor);
  expect_silence();
}

TEST_P(AddRules, Add6SecondAddIsRefused) {
  auto [near, far] = connected_pair();
  add(near, Token{1}, Interest::read);

  expect_refused(near.get(), Errc::already_registered, Interest::read | Interest::write);
  expect_refused(near.get(), Errc::already_registered, Interest::none, Trigger::oneshot);

  expect_silence();
  send(far, "x");
  EXPECT_EQ(expect_ready(Token{1}, Ready::readable), Ready::readable);
  EXPECT_EQ(expect_ready(Token{1}, Ready::readable), Ready::readable) << "still level";
}

TEST_P(AddRules, Add6SecondAddOfAPipeIsRefused) {
  auto [reader, writer] = open_pipe();
  add(reader, Token{1}, Interest::read);

  expect_refused(reader.get(), Errc::already_registered);

  send(writer, "x");
  expect_ready(Token{1}, Ready::readable);
}

TEST_P(AddRules, Add8UnknownFlagsAreRefused) {
  auto [near, far] = connected_pair();

  for (const int bits : {0x08, 0x80, 0xff, 0x09}) {
    expect_refused(near.get(), Errc::invalid_argument, static_cast<Interest>(bits));
  }
  expect_refused(near.get(), Errc::invalid_argument, Interest::read, static_cast<Trigger>(3));
  expect_refused(near.get(), Errc::invalid_argument, Interest::read, static_cast<Trigger>(255));

  add(near, Token{1}, Interest::read);
}

TEST_P(AddRules, Add9NumberThatIsAnotherFileByNowIsTaken) {
  auto old_pair = connected_pair();
  const int number = old_pair.near.get();
  add(old_pair.near, Token{1}, Interest::read);
  auto [fresh, peer] = connected_pair();
  old_pair.near.release();
  const auto reused = duplicate_to(fresh, number);

  add(reused, Token{2}, Interest::read);

  expect_silence();
  send(peer, "x");
  EXPECT_EQ(expect_ready(Token{2}, Ready::readable), Ready::readable);
}

TEST_P(AddRules, Add9NumberOfAPipeThatIsAnotherPipeByNowIsTaken) {
  auto old_pipe = open_pipe();
  const int number = old_pipe.reader.get();
  add(old_pipe.reader, Token{1}, Interest::read);
  auto [fresh, writer] = open_pipe();
  old_pipe.reader.release();
  const auto reused = duplicate_to(fresh, number);

  add(reused, Token{2}, Interest::read);

  send(writer, "x");
  expect_ready(Token{2}, Ready::readable);
}

TEST_P(AddRules, Add9OldFileIsSilentThoughADuplicateLives) {
  auto old_pair = connected_pair();
  const int number = old_pair.near.get();
  add(old_pair.near, Token{1}, Interest::read);
  const auto duplicate_of_old = duplicate(old_pair.near);
  auto [fresh, peer] = connected_pair();
  old_pair.near.release();
  const auto reused = duplicate_to(fresh, number);
  add(reused, Token{2}, Interest::read);

  send(old_pair.far, "to the old file");
  ASSERT_TRUE(is_ready_for(duplicate_of_old, POLLIN));

  expect_silence(std::chrono::milliseconds(100));
  send(peer, "x");
  expect_ready(Token{2}, Ready::readable);
}

TEST_P(AddRules, Add10EqualTokensAreTheCallersRight) {
  auto first = connected_pair();
  auto second = connected_pair();
  add(first.near, Token{7}, Interest::read);
  add(second.near, Token{7}, Interest::read);
  send(first.far, "x");
  send(second.far, "x");
  ASSERT_TRUE(is_ready_for(first.near, POLLIN) && is_ready_for(second.near, POLLIN));

  EXPECT_EQ(look(poller()).count(Token{7}), 2U);

  EXPECT_TRUE(succeeded(poller().remove(first.near.get())));
  EXPECT_EQ(look(poller()).count(Token{7}), 1U);
}

TEST_P(AddRules, Add11DuplicatesAreRegistrationsOfTheirOwn) {
  auto [near, far] = connected_pair();
  const auto copy = duplicate(near);
  add(near, Token{1}, Interest::read);
  add(copy, Token{2}, Interest::write);

  EXPECT_EQ(look(poller()).ready(Token{2}), Ready::writable);
  EXPECT_EQ(look(poller()).ready(Token{1}), Ready::none);

  send(far, "x");
  ASSERT_TRUE(is_ready_for(near, POLLIN));
  const auto waited = look(poller());
  EXPECT_EQ(waited.ready(Token{1}), Ready::readable);
  EXPECT_EQ(waited.ready(Token{2}), Ready::writable);
}

TEST_P(AddRules, Add12GreatNumberWorksOrTheLimitIsSaid) {
  auto [near, far] = connected_pair();
  send(far, "x");
  ASSERT_TRUE(is_ready_for(near, POLLIN));
  for (const int number : {FD_SETSIZE - 1, int{FD_SETSIZE}, FD_SETSIZE + 1, 5000}) {
    if (!allow_descriptor(number)) GTEST_SKIP() << "RLIMIT_NOFILE is below " << number;
    const auto great = duplicate_at(near, number);
    ASSERT_TRUE(great);

    const auto& greatest = capabilities().greatest_fd;
    if (greatest && great.get() > *greatest) {
      expect_refused(great.get(), Errc::descriptor_too_large);
      continue;
    }
    add(great, Token{5}, Interest::read);
    EXPECT_EQ(expect_ready(Token{5}, Ready::readable), Ready::readable);
    EXPECT_TRUE(succeeded(poller().remove(great.get())));
    expect_silence(std::chrono::milliseconds(10));
  }
}

TEST_P(AddRules, Add13RefusedAddLeavesThePollerAsItWas) {
  auto [near, far] = connected_pair();
  auto [reader, writer] = open_pipe();
  add(near, Token{1}, Interest::read);
  const auto device = open_file("/dev/null", O_RDONLY);

  expect_refused(closed_number(), Errc::bad_descriptor);
  expect_refused(device.get(), Errc::not_pollable);
  expect_refused(writer.get(), Errc::wrong_direction);
  expect_refused(reader.get(), Errc::wrong_direction, Interest::read | Interest::write);
  send(writer, "for the half that is open");
  ASSERT_TRUE(is_ready_for(reader, POLLIN));

  EXPECT_TRUE(is_error(poller().remove(writer.get()), Errc::not_registered));
  EXPECT_TRUE(is_error(poller().remove(reader.get()), Errc::not_registered));
  EXPECT_TRUE(is_error(poller().remove(device.get()), Errc::not_registered));
  expect_silence();
  send(far, "x");
  expect_ready(Token{1}, Ready::readable);
}

TEST_P(AddRules, Add14OfSeveralMistakesTheSameOneIsNamed) {
  auto [near, far] = connected_pair();
  add(near, Token{1}, Interest::read);
  auto [reader, writer] = open_pipe();
  add(reader, Token{2}, Interest::read);
  const TemporaryDirectory directory;
  ASSERT_TRUE(open_file(directory.path() + "/file", O_RDWR | O_CREAT));
  const auto file = open_file(directory.path() + "/file", O_RDONLY);
  const auto unknown = static_cast<Interest>(0x40);

  expect_refused(closed_number(), Errc::invalid_argument, unknown);
  expect_refused(near.get(), Errc::invalid_argument, unknown);
  expect_refused(reader.get(), Errc::already_registered, Interest::write);
  expect_refused(file.get(), Errc::wrong_direction, Interest::write);
  expect_refused(-1, Errc::invalid_argument, unknown);
  expect_refused(near.get(), Errc::invalid_argument, unknown, Trigger::edge);
  if (!capabilities().edge) {
    expect_refused(-1, Errc::not_supported, Interest::read, Trigger::edge);
    expect_refused(closed_number(), Errc::not_supported, Interest::read, Trigger::edge);
    expect_refused(near.get(), Errc::not_supported, Interest::read, Trigger::edge);
  }
}

TEST_P(AddRules, Add17NumberZeroIsLikeAnyOther) {
  // In a child, whose standard input nobody misses.
  auto [near, far] = connected_pair();

  const int failed_step = in_child([&, &near = near, &far = far] {
    const auto zero = duplicate_to(near, 0);
    const auto own = open_another();
    if (!own) return 1;
    if (own->add(0, Token{1}, Interest::read)) return 2;
    if (own->add(0, Token{2}, Interest::read) != Errc::already_registered) return 3;
    std::array<Event, 4> buffer{};
    if (own->wait(buffer, std::chrono::milliseconds(20)) != WaitResult{}) return 4;
    own->wake();
    if (own->wait(buffer, bound()) != WaitResult{.count = 0, .woken = true}) return 5;
    send(far, "x");
    if (own->wait(buffer, bound()).count != 1) return 6;
    if (buffer[0] != Event{Token{1}, Ready::readable}) return 7;
    if (own->modify(0, Token{3}, Interest::none)) return 8;
    if (own->wait(buffer, std::chrono::milliseconds(20)) != WaitResult{}) return 9;
    if (own->modify(0, Token{4}, Interest::write, Trigger::oneshot)) return 10;
    if (own->wait(buffer, bound()).count != 1) return 11;
    if (buffer[0] != Event{Token{4}, Ready::writable}) return 12;
    if (own->remove(0)) return 13;
    return own->remove(0) == Errc::not_registered ? 0 : 14;
  });

  EXPECT_EQ(failed_step, 0);
}

TEST_P(AddRules, Add18SignalsDoNotDisturbRegistrations) {
  allow_cpu(std::chrono::milliseconds(400));
  auto [near, far] = connected_pair();
  auto [reader, writer] = open_pipe();
  const AlarmStorm storm(std::chrono::microseconds(200));
  const Stopwatch watch;
  while (storm.count() < 100 && watch.elapsed() < bound()) {
    for (const Fd* fd : {&near, &reader}) {
      ASSERT_TRUE(succeeded(poller().add(fd->get(), Token{1}, Interest::read)));
      ASSERT_TRUE(succeeded(poller().modify(fd->get(), Token{2}, Interest::none)));
      ASSERT_TRUE(succeeded(poller().modify(fd->get(), Token{3}, Interest::read)));
      ASSERT_TRUE(succeeded(poller().remove(fd->get())));
      ASSERT_TRUE(is_error(poller().remove(fd->get()), Errc::not_registered));
    }
  }
  EXPECT_GE(storm.count(), 20) << "the storm did not blow";

  add(near, Token{4}, Interest::read);
  send(far, "x");
  expect_ready(Token{4}, Ready::readable);
}

}  // namespace
}  // namespace polymux::test

POLYMUX_SUITE_PART(add_rules)
