#include <poll.h>
#include <unistd.h>

#include <cstdint>
#include <map>
#include <vector>

#include "tests/conformance/conformance_test.hpp"

namespace polymux::test {
namespace {

class TriggerRules : public ConformanceTest {};
POLYMUX_FOR_EVERY_SUBJECT(TriggerRules);

TEST_P(TriggerRules, Trig1OneshotReportsOnceUntilModify) {
  auto [near, far] = connected_pair();
  add(near, Token{1}, Interest::read, Trigger::oneshot);
  send(far, "x");
  expect_ready(Token{1}, Ready::readable);

  expect_silence();
  send(far, "more");
  expect_silence();

  modify(near, Token{1}, Interest::read, Trigger::oneshot);
  expect_ready(Token{1}, Ready::readable);
  expect_silence();
}

TEST_P(TriggerRules, Trig2FiredOneshotIsSilentWhateverHappens) {
  auto [near, far] = connected_pair();
  auto [reader, writer] = open_pipe();
  add(near, Token{1}, Interest::read | Interest::write, Trigger::oneshot);
  add(reader, Token{2}, Interest::read, Trigger::oneshot);
  send(writer, "x");
  const auto waited = look(poller());
  EXPECT_EQ(waited.events.size(), 2U);

  reset_connection(far);
  writer.reset();
  ASSERT_TRUE(is_ready_for(near, POLLHUP) && is_ready_for(reader, POLLHUP));

  expect_silence(std::chrono::milliseconds(100));
}

TEST_P(TriggerRules, Trig2FiredOneshotIsSilentThoughADuplicateOfAnotherIsDropped) {
  // To be rid of the duplicate, a backend may have to register all others anew.
  auto [near, far] = connected_pair();
  auto other = connected_pair();
  const auto copy = duplicate(other.near);
  add(near, Token{1}, Interest::read, Trigger::oneshot);
  add(other.near, Token{2}, Interest::read);
  send(far, "x");
  expect_ready(Token{1}, Ready::readable);
  const int number = other.near.get();
  other.near.reset();
  EXPECT_TRUE(succeeded(poller().remove(number)));

  send(other.far, "y");
  ASSERT_TRUE(is_ready_for(copy, POLLIN));

  expect_silence(std::chrono::milliseconds(100));
}

TEST_P(TriggerRules, Trig2FiredOneshotIsStillRegistered) {
  auto [near, far] = connected_pair();
  add(near, Token{1}, Interest::write, Trigger::oneshot);
  expect_ready(Token{1}, Ready::writable);

  EXPECT_TRUE(
      is_error(poller().add(near.get(), Token{2}, Interest::write), Errc::already_registered));
  EXPECT_TRUE(succeeded(poller().remove(near.get())));
  add(near, Token{3}, Interest::write);

  expect_ready(Token{3}, Ready::writable);
}

TEST_P(TriggerRules, Trig3OneReportOfAOneshotDisarmsAllDirections) {
  auto [near, far] = connected_pair();
  add(near, Token{1}, Interest::read | Interest::write, Trigger::oneshot);
  EXPECT_EQ(expect_ready(Token{1}, Ready::writable), Ready::writable);

  send(far, "x");
  ASSERT_TRUE(is_ready_for(near, POLLIN));

  expect_silence();
}

TEST_P(TriggerRules, Trig4EdgeWhereAbsentIsRefused) {
  if (capabilities().edge) GTEST_SKIP() << "the backend has edge; see TRIG-5";
  auto [near, far] = connected_pair();

  EXPECT_TRUE(is_error(poller().add(near.get(), Token{1}, Interest::read, Trigger::edge),
                       Errc::not_supported));
  add(near, Token{1}, Interest::read);
  EXPECT_TRUE(is_error(poller().modify(near.get(), Token{2}, Interest::read, Trigger::edge),
                       Errc::not_supported));

  send(far, "x");
  expect_ready(Token{1}, Ready::readable);
  expect_ready(Token{1}, Ready::readable);
}

TEST_P(TriggerRules, Trig5EdgeReportsWhenTheConditionComesAbout) {
  if (!capabilities().edge) GTEST_SKIP() << "the backend has no edge; see TRIG-4";
  auto [near, far] = connected_pair();
  add(near, Token{1}, Interest::read, Trigger::edge);
  expect_silence();
  for (int round = 0; round < 3; ++round) {
    send(far, "x");

    expect_ready(Token{1}, Ready::readable);

    expect_silence(std::chrono::milliseconds(30));
    EXPECT_EQ(drain(near), "x");
    expect_silence(std::chrono::milliseconds(30));
  }
}

TEST_P(TriggerRules, Trig5EdgeOfAWriterComesWithTheRoom) {
  if (!capabilities().edge) GTEST_SKIP() << "the backend has no edge; see TRIG-4";
  auto [near, far] = connected_pair();
  add(near, Token{1}, Interest::write, Trigger::edge);
  expect_ready(Token{1}, Ready::writable);
  expect_silence(std::chrono::milliseconds(30));
  const auto sent = fill(near);

  std::size_t received = 0;
  while (received < sent && is_ready_for(far, POLLIN)) received += drain(far).size();

  EXPECT_EQ(received, sent);
  expect_ready(Token{1}, Ready::writable);
}

TEST_P(TriggerRules, Trig6EachTriggerFollowsEachOther) {
  using enum Trigger;
  for (const auto before : {level, edge, oneshot}) {
    for (const auto after : {level, edge, oneshot}) {
      if (!capabilities().edge && (before == edge || after == edge)) continue;
      SCOPED_TRACE(to_string(before) + " then " + to_string(after));
      auto [near, far] = connected_pair();
      add(near, Token{1}, Interest::read, before);
      send(far, "x");
      expect_ready(Token{1}, Ready::readable);

      modify(near, Token{2}, Interest::read, after);

      expect_ready(Token{2}, Ready::readable);
      const bool is_level = after == level;
      EXPECT_EQ(look(poller()).count(Token{2}), is_level ? 1U : 0U) << "the same data again";
      drain(near);
      send(far, "y");
      ASSERT_TRUE(is_ready_for(near, POLLIN));
      const bool tells_new = after != oneshot;
      EXPECT_EQ(look(poller()).count(Token{2}), tells_new ? 1U : 0U) << "new data";
      EXPECT_EQ(look(poller()).count(Token{2}), is_level ? 1U : 0U) << "the new data again";
      EXPECT_TRUE(succeeded(poller().remove(near.get())));
    }
  }
}

TEST_P(TriggerRules, Trig7WhatFoundNoRoomIsNotForgotten) {
  constexpr std::uint64_t many = 10;
  for (const auto trigger : {Trigger::oneshot, Trigger::edge}) {
    if (trigger == Trigger::edge && !capabilities().edge) continue;
    std::vector<Pair> pairs;
    for (std::uint64_t index = 0; index < many; ++index) {
      pairs.push_back(connected_pair());
      add(pairs.back().near, Token{index}, Interest::write, trigger);
    }
    std::map<Token, int> counts;
    for (int round = 0; round < 4; ++round) {
      for (const auto& event : look(poller(), 3).events) ++counts[event.token];
    }

    EXPECT_EQ(counts.size(), many) << to_string(trigger);
    for (const auto& [token, count] : counts) {
      EXPECT_EQ(count, 1) << to_string(trigger) << ", token " << static_cast<std::uint64_t>(token);
    }
    expect_silence();
    for (auto& pair : pairs) EXPECT_TRUE(succeeded(poller().remove(pair.near.get())));
  }
}

TEST_P(TriggerRules, Trig8OneshotWithDataLeftIsToldAfterModify) {
  // The usual turn of a pool of workers: read a part, arm again, be called for the rest.
  auto [near, far] = connected_pair();
  add(near, Token{1}, Interest::read, Trigger::oneshot);
  send(far, "abc");
  for (int part = 0; part < 3; ++part) {
    expect_ready(Token{1}, Ready::readable);
    char byte = 0;
    ASSERT_EQ(::read(near.get(), &byte, 1), 1);
    modify(near, Token{1}, Interest::read, Trigger::oneshot);
  }

  expect_silence();
}

TEST_P(TriggerRules, Trig9EndIsAnEdgeToo) {
  if (!capabilities().edge) GTEST_SKIP() << "the backend has no edge; see TRIG-4";
  for (const bool is_reset : {false, true}) {
    SCOPED_TRACE(is_reset ? "reset" : "half-close");
    auto [near, far] = connected_pair();
    add(near, Token{1}, Interest::read, Trigger::edge);
    send(far, "x");
    expect_ready(Token{1}, Ready::readable);
    EXPECT_EQ(drain(near), "x");
    expect_silence(std::chrono::milliseconds(20));

    if (is_reset) {
      reset_connection(far);
    } else {
      shut_down_writing(far);
    }

    expect_ready(Token{1}, Ready::readable);
    EXPECT_TRUE(succeeded(poller().remove(near.get())));
  }
}

TEST_P(TriggerRules, Trig9EndOfAPipeIsAnEdgeToo) {
  if (!capabilities().edge) GTEST_SKIP() << "the backend has no edge; see TRIG-4";
  auto [reader, writer] = open_pipe();
  auto other = open_pipe();
  fill(other.writer);
  add(reader, Token{1}, Interest::read, Trigger::edge);
  add(other.writer, Token{2}, Interest::write, Trigger::edge);
  expect_silence(std::chrono::milliseconds(20));

  writer.reset();
  expect_ready(Token{1}, Ready::readable);
  other.reader.reset();
  expect_ready(Token{2}, Ready::writable);
}

}  // namespace
}  // namespace polymux::test

POLYMUX_SUITE_PART(trigger_rules)
