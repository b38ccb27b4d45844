#include <poll.h>

#include <cstdint>
#include <initializer_list>
#include <vector>

#include "tests/conformance/conformance_test.hpp"

namespace polymux::test {
namespace {

class NoneRules : public ConformanceTest {};
POLYMUX_FOR_EVERY_SUBJECT(NoneRules);

TEST_P(NoneRules, None1InterestNoneIsSilentAboutEverything) {
  auto data = connected_pair();
  auto reset = connected_pair();
  auto half_closed = connected_pair();
  auto closed = socket_pair();
  auto [reader, writer] = open_pipe();
  auto broken = open_pipe();
  const auto udp = udp_to_nobody();
  auto trigger = Trigger::level;
  std::uint64_t token = 0;
  for (const Fd* fd :
       std::initializer_list<const Fd*>{&data.near, &reset.near, &half_closed.near, &closed.near,
                                        &reader, &broken.writer, &udp.socket}) {
    add(*fd, Token{++token}, Interest::none, trigger);
    trigger = trigger == Trigger::level ? Trigger::oneshot : Trigger::level;
  }

  send(data.far, "x");
  reset_connection(reset.far);
  shut_down_writing(half_closed.far);
  closed.far.reset();
  writer.reset();
  broken.reader.reset();
  send(udp.socket, "x");
  ASSERT_TRUE(is_ready_for(reset.near, POLLHUP) && is_ready_for(broken.writer, POLLERR));

  expect_silence(std::chrono::milliseconds(200));
}

TEST_P(NoneRules, None2ModifyToNoneSilencesWhatIsReady) {
  for (const auto trigger : {Trigger::level, Trigger::oneshot, Trigger::edge}) {
    if (trigger == Trigger::edge && !capabilities().edge) continue;
    auto [near, far] = connected_pair();
    reset_connection(far);
    ASSERT_TRUE(is_ready_for(near, POLLHUP));
    add(near, Token{1}, Interest::read | Interest::write);
    expect_ready(Token{1}, Ready::readable);

    modify(near, Token{1}, Interest::none, trigger);
    expect_silence();

    modify(near, Token{2}, Interest::read, trigger);
    expect_ready(Token{2}, Ready::readable);
    EXPECT_TRUE(succeeded(poller().remove(near.get())));
  }
}

TEST_P(NoneRules, None3InterestNoneKeepsTheRegistration) {
  auto [near, far] = connected_pair();
  add(near, Token{1}, Interest::none);
  send(far, "x");
  ASSERT_TRUE(is_ready_for(near, POLLIN));
  expect_silence(std::chrono::milliseconds(20));

  EXPECT_TRUE(
      is_error(poller().add(near.get(), Token{2}, Interest::read), Errc::already_registered));
  modify(near, Token{3}, Interest::read);
  EXPECT_EQ(expect_ready(Token{3}, Ready::readable), Ready::readable);
  modify(near, Token{4}, Interest::none);
  EXPECT_TRUE(succeeded(poller().remove(near.get())));

  EXPECT_TRUE(is_error(poller().remove(near.get()), Errc::not_registered));
}

TEST_P(NoneRules, None4InterestNoneIsSilentAboutAClosedNumber) {
  auto [near, far] = connected_pair();
  auto [reader, writer] = open_pipe();
  const auto copy = duplicate(reader);
  add(near, Token{1}, Interest::none);
  add(reader, Token{2}, Interest::none);
  near.reset();
  reader.reset();
  writer.reset();

  expect_silence(std::chrono::milliseconds(100));
}

TEST_P(NoneRules, None5NothingToDoCostsNothing) {
  std::vector<Pair> pairs;
  for (std::uint64_t index = 0; index < 200; ++index) {
    pairs.push_back(socket_pair());
    add(pairs.back().near, Token{index}, Interest::read);
  }

  const auto waited = wait_once(poller(), std::chrono::milliseconds(300));

  EXPECT_EQ(waited.result, WaitResult{});
  EXPECT_LT(waited.cpu, std::chrono::milliseconds(10) * slowness()) << "something is swept";
}

}  // namespace
}  // namespace polymux::test

POLYMUX_SUITE_PART(none_rules)
