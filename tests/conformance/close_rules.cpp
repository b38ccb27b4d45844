#include <fcntl.h>
#include <poll.h>

#include <cstdint>
#include <vector>

#include "tests/conformance/conformance_test.hpp"
#include "tests/support/processes.hpp"

namespace polymux::test {
namespace {

using namespace std::chrono_literals;

/// A descriptor that is closed without remove, while a duplicate lives, is reported at most so
/// often under its own token before it is noticed.
constexpr std::size_t greatest_number_of_reports = 256;

class CloseRules : public ConformanceTest {
 protected:
  void expect_invalid_once_or_silence(Token token) {
    std::size_t reports = 0;
    for (int round = 0; round < 3; ++round) {
      for (const auto& event : look(poller()).events) {
        EXPECT_EQ(event, (Event{token, Ready::invalid}));
        ++reports;
      }
    }
    EXPECT_LE(reports, 1U);
    expect_silence(100ms);
  }

  /// Looks until it is silent, and expects nothing but reports of `own`, and not too many of them.
  void expect_own_reports_then_silence(Token own) {
    std::size_t reports = 0;
    std::size_t invalid = 0;
    for (;;) {
      const auto waited = wait_once(poller(), 20ms);
      if (waited.events.empty()) break;
      for (const auto& event : waited.events) {
        ASSERT_EQ(event.token, own) << "a token of another";
        ASSERT_LE(++reports, greatest_number_of_reports);
        EXPECT_EQ(invalid, 0U) << "reported after it was invalid: " << to_string(event);
        if (contains(event.ready, Ready::invalid)) ++invalid;
      }
    }
    EXPECT_LE(invalid, 1U);
    expect_silence(100ms);
  }
};
POLYMUX_FOR_EVERY_SUBJECT(CloseRules);

TEST_P(CloseRules, Close1ClosedNumberIsInvalidOnceOrSilent) {
  auto [near, far] = connected_pair();
  add(near, Token{1}, Interest::read);
  near.reset();

  expect_invalid_once_or_silence(Token{1});
}

TEST_P(CloseRules, Close2ClosedNumberCostsTheOthersNothing) {
  constexpr std::uint64_t many = 50;
  constexpr std::uint64_t bad = 17;
  allow_cpu(100ms);
  std::vector<Pair> pairs;
  for (std::uint64_t index = 0; index < many; ++index) {
    pairs.push_back(connected_pair());
    add(pairs.back().near, Token{index}, Interest::read);
  }
  pairs[bad].near.reset();

  std::size_t invalid = 0;
  for (std::uint64_t index = 0; index < many; ++index) {
    if (index == bad) continue;
    send(pairs[index].far, "x");
    ASSERT_TRUE(is_ready_for(pairs[index].near, POLLIN));
    bool is_served = false;
    for (int round = 0; round < 2 && !is_served; ++round) {
      const auto waited = wait_once(poller(), bound());
      invalid += waited.count(Token{bad});
      is_served = waited.ready(Token{index}) == Ready::readable;
    }
    EXPECT_TRUE(is_served) << "token " << index;
    drain(pairs[index].near);
  }

  EXPECT_LE(invalid, 1U);
  expect_silence(100ms);
}

TEST_P(CloseRules, Close2ManyClosedNumbersFindRoomInASmallBuffer) {
  std::vector<Pair> pairs;
  for (std::uint64_t index = 0; index < 10; ++index) {
    pairs.push_back(connected_pair());
    add(pairs.back().near, Token{index}, Interest::read);
  }
  for (std::size_t index = 0; index < 9; ++index) pairs[index].near.reset();
  send(pairs[9].far, "x");
  ASSERT_TRUE(is_ready_for(pairs[9].near, POLLIN));

  bool is_served = false;
  std::size_t invalid = 0;
  for (int round = 0; round < 11 && !is_served; ++round) {
    const auto waited = wait_once(poller(), bound(), 1);
    is_served = waited.ready(Token{9}) == Ready::readable;
    if (!is_served) invalid += waited.events.size();
  }

  EXPECT_TRUE(is_served) << "after " << invalid << " closed ones";
  EXPECT_LE(invalid, 9U);
}

TEST_P(CloseRules, Close3DuplicateOfAClosedNumberNeitherSpinsNorTakesATokenForLong) {
  auto [near, far] = connected_pair();
  const auto copy = duplicate(near);
  add(near, Token{1}, Interest::read);
  near.reset();
  send(far, "x");
  ASSERT_TRUE(is_ready_for(copy, POLLIN));

  expect_own_reports_then_silence(Token{1});
}

TEST_P(CloseRules, Close3DuplicateOfAClosedPipeNeitherSpinsNorTakesATokenForLong) {
  auto [reader, writer] = open_pipe();
  const auto copy = duplicate(reader);
  add(reader, Token{1}, Interest::read);
  reader.reset();
  writer.reset();

  expect_own_reports_then_silence(Token{1});
}

TEST_P(CloseRules, Close3TheOthersAreServedMeanwhile) {
  auto [near, far] = connected_pair();
  auto good = connected_pair();
  const auto copy = duplicate(near);
  add(near, Token{1}, Interest::read);
  add(good.near, Token{2}, Interest::read);
  near.reset();
  send(far, "x");
  ASSERT_TRUE(is_ready_for(copy, POLLIN));
  expect_own_reports_then_silence(Token{1});

  send(good.far, "y");

  EXPECT_EQ(expect_ready(Token{2}, Ready::readable), Ready::readable);
  EXPECT_EQ(drain(good.near), "y");
  expect_silence();
}

TEST_P(CloseRules, Close4ReusedNumberIsNeverReportedAsAnother) {
  auto old_pair = connected_pair();
  auto other = connected_pair();
  add(old_pair.near, Token{1}, Interest::read);
  add(other.near, Token{2}, Interest::read);
  auto [stranger, peer] = connected_pair();
  const int number = old_pair.near.release();
  const auto reused = duplicate_to(stranger, number);
  send(peer, "x");
  ASSERT_TRUE(is_ready_for(reused, POLLIN));

  for (int round = 0; round < 5; ++round) {
    for (const auto& event : wait_once(poller(), 10ms).events) EXPECT_EQ(event.token, Token{1});
  }

  EXPECT_TRUE(succeeded(poller().remove(number)));
  expect_silence();
  send(other.far, "y");
  expect_ready(Token{2}, Ready::readable);
}

TEST_P(CloseRules, Close5NumberReusedForAFileThatCannotBeWaitedForBreaksNothing) {
  auto [near, far] = connected_pair();
  auto good = connected_pair();
  const auto copy = duplicate(near);
  add(near, Token{1}, Interest::read);
  add(good.near, Token{2}, Interest::read);
  const auto device = open_file("/dev/null", O_RDONLY);
  const auto reused = duplicate_to(device, near.release());
  send(far, "x");
  ASSERT_TRUE(is_ready_for(copy, POLLIN));
  // The caller's mistake: /dev/null is always ready to those who ask select or poll. It may be
  // reported under the old token, but takes nothing from the others.
  for (int round = 0; round < 300; ++round) {
    for (const auto& event : wait_once(poller(), 1ms).events) ASSERT_EQ(event.token, Token{1});
  }

  send(good.far, "y");
  ASSERT_TRUE(is_ready_for(good.near, POLLIN));
  EXPECT_EQ(wait_once(poller(), bound()).ready(Token{2}), Ready::readable);
  EXPECT_TRUE(succeeded(poller().remove(reused.get())));
  drain(good.near);

  expect_silence(100ms);
}

TEST_P(CloseRules, Close6NewOwnersOfNumbersSeeNothingOfTheOld) {
  // The first handler of a batch replaces all the others, as a server under attack would.
  constexpr std::uint64_t many = 20;
  std::vector<Pair> pairs;
  for (std::uint64_t index = 0; index < many; ++index) {
    pairs.push_back(connected_pair());
    add(pairs.back().near, Token{index}, Interest::read);
    send(pairs.back().far, "x");
    ASSERT_TRUE(is_ready_for(pairs.back().near, POLLIN));
  }
  ASSERT_EQ(look(poller(), 3).events.size(), 3U);

  std::vector<Fd> reused;
  std::vector<Pair> fresh;
  for (std::uint64_t index = 0; index < many; ++index) {
    const int number = pairs[index].near.release();
    if (index % 2 == 0) {
      EXPECT_TRUE(succeeded(poller().remove(number)));
    }
    fresh.push_back(connected_pair());
    reused.push_back(duplicate_to(fresh.back().near, number));
    add(reused.back(), Token{100 + index}, Interest::read);
  }

  expect_silence();
  send(fresh[5].far, "y");
  EXPECT_EQ(expect_ready(Token{105}, Ready::readable), Ready::readable);
}

TEST_P(CloseRules, Close7RemoveAfterInvalidSucceedsAndTheNumberIsFree) {
  auto [near, far] = connected_pair();
  add(near, Token{1}, Interest::read);
  const int number = near.get();
  near.reset();
  static_cast<void>(look(poller()));
  EXPECT_TRUE(succeeded(poller().remove(number)));

  auto [fresh, peer] = connected_pair();
  const auto reused = duplicate_to(fresh, number);
  add(reused, Token{2}, Interest::read);

  send(peer, "x");
  EXPECT_EQ(expect_ready(Token{2}, Ready::readable), Ready::readable);
}

TEST_P(CloseRules, Close8DuplicateIsDroppedThoughNoDescriptorIsLeft) {
  auto [near, far] = connected_pair();
  auto good = connected_pair();
  const auto copy = duplicate(near);
  add(near, Token{1}, Interest::read);
  add(good.near, Token{2}, Interest::read);
  const int number = near.get();
  near.reset();
  EXPECT_TRUE(succeeded(poller().remove(number)));
  send(far, "x");
  ASSERT_TRUE(is_ready_for(copy, POLLIN));
  {
    const ExhaustedDescriptors exhausted;

    expect_silence(100ms);
    send(good.far, "y");
    EXPECT_EQ(expect_ready(Token{2}, Ready::readable), Ready::readable);
  }

  drain(good.near);
  expect_silence();
  poller().wake();
  EXPECT_TRUE(look(poller()).result.woken);
}

TEST_P(CloseRules, Close8NumberThatThePollerTakesItselfIsDropped) {
  // The only number that is free is the one that was closed without remove.
  auto [near, far] = connected_pair();
  auto good = connected_pair();
  const auto copy = duplicate(near);
  add(near, Token{1}, Interest::read);
  add(good.near, Token{2}, Interest::read);
  static_cast<void>(look(poller()));
  const ExhaustedDescriptors exhausted;
  near.reset();
  static_cast<void>(poller().pollable_handle());
  send(far, "x");
  ASSERT_TRUE(is_ready_for(copy, POLLIN));
  expect_own_reports_then_silence(Token{1});

  send(good.far, "y");

  EXPECT_EQ(expect_ready(Token{2}, Ready::readable), Ready::readable);
}

TEST_P(CloseRules, Close9CloseDuringAWaitBreaksNothing) {
  auto [near, far] = connected_pair();
  auto good = connected_pair();
  add(near, Token{1}, Interest::read);
  add(good.near, Token{2}, Interest::read);
  {
    const Later later(20ms, [&near = near, &good] {
      near.reset();
      send(good.far, "x");
    });
    bool is_served = false;
    for (int round = 0; round < 2 && !is_served; ++round) {
      for (const auto& event : wait_once(poller(), bound()).events) {
        if (event.token == Token{2}) {
          is_served = event.ready == Ready::readable;
        } else {
          EXPECT_EQ(event.token, Token{1});
        }
      }
    }
    EXPECT_TRUE(is_served);
  }
  EXPECT_EQ(drain(good.near), "x");
  expect_invalid_once_or_silence(Token{1});
}

TEST_P(CloseRules, Close9WaitWhoseOnlyNumberIsClosedLastsItsTime) {
  auto [near, far] = connected_pair();
  add(near, Token{1}, Interest::read);
  Waited waited;
  {
    // Joined before the number is looked at again: on a busy machine it may be late.
    const Later later(10ms, [&near = near] { near.reset(); });
    waited = wait_once(poller(), 60ms);
  }

  EXPECT_FALSE(waited.result.woken);
  if (waited.events.empty()) {
    EXPECT_GE(waited.took, 60ms);
  } else {
    EXPECT_EQ(waited.events.front().token, Token{1});
  }
  expect_invalid_once_or_silence(Token{1});
}

}  // namespace
}  // namespace polymux::test

POLYMUX_SUITE_PART(close_rules)
