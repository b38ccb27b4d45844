#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

#include "tests/conformance/conformance_test.hpp"

namespace polymux::test {
namespace {

class RemoveRules : public ConformanceTest {};
POLYMUX_FOR_EVERY_SUBJECT(RemoveRules);

TEST_P(RemoveRules, Rem1TokenIsNotReportedAfterRemove) {
  auto [near, far] = connected_pair();
  send(far, "x");
  add(near, Token{1}, Interest::read | Interest::write);
  expect_ready(Token{1}, Ready::readable);

  EXPECT_TRUE(succeeded(poller().remove(near.get())));

  expect_silence();
}

TEST_P(RemoveRules, Rem1TokenIsNotReportedThoughADuplicateLives) {
  auto [near, far] = connected_pair();
  const auto copy = duplicate(near);
  add(near, Token{1}, Interest::read);

  EXPECT_TRUE(succeeded(poller().remove(near.get())));
  near.reset();
  send(far, "x");
  ASSERT_TRUE(is_ready_for(copy, POLLIN));

  expect_silence(std::chrono::milliseconds(100));
}

TEST_P(RemoveRules, Rem1TokenIsNotReportedAfterTheNumberIsReused) {
  auto old_pair = connected_pair();
  add(old_pair.near, Token{1}, Interest::read);
  EXPECT_TRUE(succeeded(poller().remove(old_pair.near.get())));
  auto [fresh, peer] = connected_pair();
  const auto reused = duplicate_to(fresh, old_pair.near.release());
  send(peer, "x");
  ASSERT_TRUE(is_ready_for(reused, POLLIN));

  expect_silence();
  add(reused, Token{2}, Interest::read);

  expect_ready(Token{2}, Ready::readable);
}

TEST_P(RemoveRules, Rem2UnknownDescriptorIsNotRegistered) {
  auto [near, far] = connected_pair();
  add(near, Token{1}, Interest::read);
  EXPECT_TRUE(succeeded(poller().remove(near.get())));

  for (const int number : {near.get(), far.get(), closed_number(), -1,
                           std::numeric_limits<int>::min(), std::numeric_limits<int>::max()}) {
    EXPECT_TRUE(is_error(poller().remove(number), Errc::not_registered)) << number;
  }
}

TEST_P(RemoveRules, Rem3RemoveAfterCloseSucceeds) {
  auto [near, far] = connected_pair();
  auto [reader, writer] = open_pipe();
  add(near, Token{1}, Interest::read);
  add(reader, Token{2}, Interest::read);
  const int number = near.get();
  const int pipe_number = reader.get();
  near.reset();
  reader.reset();

  EXPECT_TRUE(succeeded(poller().remove(number)));
  EXPECT_TRUE(succeeded(poller().remove(pipe_number)));

  EXPECT_TRUE(is_error(poller().remove(number), Errc::not_registered));
  expect_silence();
}

TEST_P(RemoveRules, Rem3RemoveAfterCloseIsSilentThoughADuplicateLives) {
  auto [near, far] = connected_pair();
  auto [reader, writer] = open_pipe();
  const auto copy = duplicate(near);
  const auto pipe_copy = duplicate(reader);
  add(near, Token{1}, Interest::read);
  add(reader, Token{2}, Interest::read);
  const int number = near.get();
  const int pipe_number = reader.get();
  near.reset();
  reader.reset();

  EXPECT_TRUE(succeeded(poller().remove(number)));
  EXPECT_TRUE(succeeded(poller().remove(pipe_number)));
  send(far, "x");
  send(writer, "x");
  ASSERT_TRUE(is_ready_for(copy, POLLIN) && is_ready_for(pipe_copy, POLLIN));

  expect_silence(std::chrono::milliseconds(200));
}

TEST_P(RemoveRules, Rem4RemovedDescriptorCanBeAddedAgain) {
  auto [near, far] = connected_pair();
  send(far, "x");
  ASSERT_TRUE(is_ready_for(near, POLLIN));

  for (std::uint64_t round = 1; round <= 3; ++round) {
    add(near, Token{round}, Interest::read);
    EXPECT_EQ(look(poller()).ready(Token{round}), Ready::readable);
    EXPECT_TRUE(succeeded(poller().remove(near.get())));
  }

  expect_silence();
}

TEST_P(RemoveRules, Rem4NumberOfADuplicateThatLivesCanBeAddedAgain) {
  // The kernel may still have the pair of number and file from before.
  auto [near, far] = connected_pair();
  const auto copy = duplicate(near);
  add(near, Token{1}, Interest::read);
  const int number = near.get();
  near.reset();
  EXPECT_TRUE(succeeded(poller().remove(number)));
  const auto again = duplicate_to(copy, number);

  add(again, Token{2}, Interest::read);

  send(far, "x");
  EXPECT_EQ(expect_ready(Token{2}, Ready::readable), Ready::readable);
}

TEST_P(RemoveRules, Rem5RemoveLeavesTheOthersAlone) {
  constexpr std::uint64_t many = 9;
  std::vector<Pair> pairs;
  for (std::uint64_t index = 0; index < many; ++index) {
    pairs.push_back(connected_pair());
    add(pairs.back().near, Token{index}, Interest::read);
    send(pairs.back().far, "x");
    ASSERT_TRUE(is_ready_for(pairs.back().near, POLLIN));
  }

  for (const std::uint64_t index : {std::uint64_t{4}, std::uint64_t{0}, many - 1}) {
    EXPECT_TRUE(succeeded(poller().remove(pairs[index].near.get())));
  }

  const auto waited = look(poller());
  EXPECT_EQ(waited.events.size(), many - 3);
  for (std::uint64_t index = 0; index < many; ++index) {
    const bool is_gone = index == 4 || index == 0 || index == many - 1;
    EXPECT_EQ(waited.count(Token{index}), is_gone ? 0U : 1U) << "token " << index;
  }
}

TEST_P(RemoveRules, Rem1TokenIsNotReportedThoughTheDescriptorTravels) {
  // A message that nobody has received yet holds the file open, and no number means it.
  auto [near, far] = connected_pair();
  auto [sender, receiver] = socket_pair();
  add(near, Token{1}, Interest::read);
  char byte = 'x';
  iovec data{.iov_base = &byte, .iov_len = 1};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  cmsghdr* const header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  const int number = near.get();
  std::memcpy(CMSG_DATA(header), &number, sizeof number);
  ASSERT_EQ(::sendmsg(sender.get(), &message, 0), 1);

  EXPECT_TRUE(succeeded(poller().remove(near.get())));
  near.reset();
  send(far, "x");

  expect_silence(std::chrono::milliseconds(100));
}

}  // namespace
}  // namespace polymux::test

POLYMUX_SUITE_PART(remove_rules)
