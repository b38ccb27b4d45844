#include <poll.h>

#include <limits>

#include "tests/conformance/conformance_test.hpp"

namespace polymux::test {
namespace {

class ModifyRules : public ConformanceTest {
 protected:
  void expect_refused(int fd, Errc wanted, Interest interest = Interest::read,
                      Trigger trigger = Trigger::level) {
    EXPECT_TRUE(is_error(poller().modify(fd, Token{99}, interest, trigger), wanted))
        << "modify(" << fd << ", " << to_string(interest) << ", " << to_string(trigger) << ")";
  }
};
POLYMUX_FOR_EVERY_SUBJECT(ModifyRules);

TEST_P(ModifyRules, Mod1TokenAndInterestAreReplaced) {
  auto [near, far] = connected_pair();
  send(far, "x");
  ASSERT_TRUE(is_ready_for(near, POLLIN));
  add(near, Token{1}, Interest::read);
  expect_ready(Token{1}, Ready::readable);

  modify(near, Token{2}, Interest::write);

  const auto waited = look(poller());
  EXPECT_EQ(waited.ready(Token{2}), Ready::writable);
  EXPECT_EQ(waited.events.size(), 1U);
  modify(near, Token{3}, Interest::read | Interest::write);
  EXPECT_EQ(look(poller()).ready(Token{3}), Ready::readable | Ready::writable);
}

TEST_P(ModifyRules, Mod2ModifyArmsAnewAndReportsWhatIsReady) {
  for (const auto trigger : {Trigger::level, Trigger::oneshot, Trigger::edge}) {
    if (trigger == Trigger::edge && !capabilities().edge) continue;
    auto [near, far] = connected_pair();
    send(far, "x");
    ASSERT_TRUE(is_ready_for(near, POLLIN));
    add(near, Token{1}, Interest::read, trigger);
    expect_ready(Token{1}, Ready::readable);

    modify(near, Token{1}, Interest::read, trigger);

    EXPECT_EQ(look(poller()).ready(Token{1}), Ready::readable) << to_string(trigger);
    EXPECT_TRUE(succeeded(poller().remove(near.get())));
  }
}

TEST_P(ModifyRules, Mod3UnknownDescriptorIsNotRegistered) {
  auto [near, far] = connected_pair();

  expect_refused(near.get(), Errc::not_registered);
  expect_refused(closed_number(), Errc::not_registered);
  expect_refused(-1, Errc::not_registered);
  expect_refused(std::numeric_limits<int>::max(), Errc::not_registered);

  send(far, "x");
  ASSERT_TRUE(is_ready_for(near, POLLIN));
  expect_silence();
}

TEST_P(ModifyRules, Mod4ClosedNumberIsABadDescriptor) {
  auto [near, far] = connected_pair();
  auto [reader, writer] = open_pipe();
  const auto copy = duplicate(near);
  add(near, Token{1}, Interest::read);
  add(reader, Token{2}, Interest::read);
  const int number = near.get();
  const int pipe_number = reader.get();
  near.reset();
  reader.reset();

  expect_refused(number, Errc::bad_descriptor);
  expect_refused(pipe_number, Errc::bad_descriptor);

  EXPECT_TRUE(succeeded(poller().remove(number)));
  EXPECT_TRUE(succeeded(poller().remove(pipe_number)));
  expect_silence();
}

TEST_P(ModifyRules, Mod4NumberOfAnotherFileIsNotRegistered) {
  auto old_pair = connected_pair();
  auto old_pipe = open_pipe();
  add(old_pair.near, Token{1}, Interest::read);
  add(old_pipe.reader, Token{2}, Interest::read);
  auto [fresh, peer] = connected_pair();
  auto [reader, writer] = open_pipe();
  const int number = old_pair.near.release();
  const int pipe_number = old_pipe.reader.release();
  const auto reused = duplicate_to(fresh, number);
  const auto pipe_reused = duplicate_to(reader, pipe_number);

  expect_refused(number, Errc::not_registered);
  expect_refused(pipe_number, Errc::not_registered);

  EXPECT_TRUE(succeeded(poller().remove(number)));
  EXPECT_TRUE(succeeded(poller().remove(pipe_number)));
  expect_silence();
}

TEST_P(ModifyRules, Mod4NumberOfAFileThatWasRegisteredOnceIsNotRegistered) {
  // The number goes from one pipe to another and back; only the second is registered.
  auto first = open_pipe();
  const auto second = open_pipe();
  const auto copy = duplicate(first.reader);
  add(first.reader, Token{1}, Interest::read);
  EXPECT_TRUE(succeeded(poller().remove(first.reader.get())));
  auto reused = duplicate_to(second.reader, first.reader.release());
  add(reused, Token{2}, Interest::read);
  const auto back = duplicate_to(copy, reused.release());

  expect_refused(back.get(), Errc::not_registered);
}

TEST_P(ModifyRules, Mod5RefusedModifyLeavesTheRegistrationAsItWas) {
  auto [reader, writer] = open_pipe();
  add(reader, Token{1}, Interest::read);

  expect_refused(reader.get(), Errc::wrong_direction, Interest::write);
  expect_refused(reader.get(), Errc::wrong_direction, Interest::read | Interest::write);
  expect_refused(reader.get(), Errc::invalid_argument, static_cast<Interest>(0x10));
  expect_refused(reader.get(), Errc::invalid_argument, Interest::read, static_cast<Trigger>(9));
  if (!capabilities().edge) {
    expect_refused(reader.get(), Errc::not_supported, Interest::read, Trigger::edge);
  }
  if (!capabilities().priority) {
    expect_refused(reader.get(), Errc::not_supported, Interest::priority);
  }

  expect_silence();
  send(writer, "x");
  EXPECT_EQ(expect_ready(Token{1}, Ready::readable), Ready::readable);
  EXPECT_EQ(look(poller()).ready(Token{1}), Ready::readable);
}

TEST_P(ModifyRules, Mod5RefusedModifyDoesNotArmAFiredOneshot) {
  auto [reader, writer] = open_pipe();
  send(writer, "x");
  add(reader, Token{1}, Interest::read, Trigger::oneshot);
  expect_ready(Token{1}, Ready::readable);

  expect_refused(reader.get(), Errc::wrong_direction, Interest::write);

  expect_silence();
}

TEST_P(ModifyRules, Mod6ModifyTakesNoEventOfAnother) {
  auto first = connected_pair();
  auto second = connected_pair();
  add(first.near, Token{1}, Interest::read);
  add(second.near, Token{2}, Interest::read, Trigger::oneshot);
  send(second.far, "x");
  ASSERT_TRUE(is_ready_for(second.near, POLLIN));

  modify(first.near, Token{1}, Interest::write);

  const auto waited = look(poller());
  EXPECT_EQ(waited.ready(Token{1}), Ready::writable);
  EXPECT_EQ(waited.ready(Token{2}), Ready::readable);
}

TEST_P(ModifyRules, Mod7NarrowedInterestIsSilentAboutTheRest) {
  auto [near, far] = connected_pair();
  add(near, Token{1}, Interest::read | Interest::write);
  expect_ready(Token{1}, Ready::writable);

  modify(near, Token{1}, Interest::read);

  expect_silence();
  send(far, "x");
  EXPECT_EQ(expect_ready(Token{1}, Ready::readable), Ready::readable);
}

TEST_P(ModifyRules, Mod7TerminalThatIsNotWrittenToIsSilent) {
  // Where a kernel keeps no edge for devices, a filter that stays behind spins.
  auto [terminal, master] = open_pty();
  if (!add_if_served(terminal, Token{1}, Interest::read | Interest::write)) {
    GTEST_SKIP() << "this kernel's multiplexer does not take terminals";
  }
  expect_ready(Token{1}, Ready::writable);

  modify(terminal, Token{1}, Interest::read);

  expect_silence();
  send(master, "x");
  EXPECT_EQ(expect_ready(Token{1}, Ready::readable), Ready::readable);
}

TEST_P(ModifyRules, Mod8OfSeveralMistakesTheSameOneIsNamed) {
  auto [reader, writer] = open_pipe();
  auto [closed_reader, other_writer] = open_pipe();
  add(reader, Token{1}, Interest::read);
  add(closed_reader, Token{2}, Interest::read);
  const int closed = closed_reader.get();
  closed_reader.reset();
  const auto unknown = static_cast<Interest>(0x40);

  expect_refused(writer.get(), Errc::invalid_argument, unknown);
  expect_refused(-1, Errc::invalid_argument, unknown, Trigger::edge);
  if (!capabilities().edge) {
    expect_refused(writer.get(), Errc::not_supported, Interest::read, Trigger::edge);
    expect_refused(-1, Errc::not_supported, Interest::read, Trigger::edge);
  }
  expect_refused(writer.get(), Errc::not_registered, Interest::read);
  expect_refused(closed, Errc::wrong_direction, Interest::write);
  expect_refused(closed, Errc::bad_descriptor, Interest::read);
}

}  // namespace
}  // namespace polymux::test

POLYMUX_SUITE_PART(modify_rules)
