#include <gtest/gtest.h>
#include <poll.h>

#include <cerrno>

#include "apps/polymux/probe/answer.hpp"
#include "apps/polymux/probe/poll_flags.hpp"
#include "apps/polymux/probe/system_failure.hpp"

namespace probe {
namespace {

constexpr Multiplexer bits{
    .name = "bits", .summary = "", .opening = nullptr, .interests = {}, .separator = '|'};
constexpr Multiplexer sets{
    .name = "sets", .summary = "", .opening = nullptr, .interests = {}, .separator = ','};

Answer saying(const Multiplexer& multiplexer, std::vector<Flags> reports) {
  return {.multiplexer = &multiplexer, .outcome = Outcome::ready, .reports = std::move(reports)};
}

TEST(AnswerText, FlagsAreJoinedAsTheMultiplexerHasThem) {
  EXPECT_EQ(describe(saying(bits, {{"IN", "RDHUP", "HUP"}})), "IN|RDHUP|HUP");
  EXPECT_EQ(describe(saying(sets, {{"read", "write", "except"}})), "read,write,except");
}

TEST(AnswerText, NothingIsSaidInAWord) {
  EXPECT_EQ(describe(Answer{.multiplexer = &bits}), "nothing");
}

TEST(AnswerText, FlagsThatSayNoMoreAreLeftOut) {
  EXPECT_EQ(describe(saying(bits, {{"IN", "OUT", "RDNORM", "WRNORM", "WRBAND"}})), "IN|OUT");
}

TEST(AnswerText, TheSameFlagsAloneAreTold) {
  EXPECT_EQ(describe(saying(bits, {{"RDNORM", "WRBAND"}})), "RDNORM|WRBAND");
  EXPECT_EQ(describe(saying(bits, {{"PRI", "RDBAND"}})), "PRI|RDBAND");
}

TEST(AnswerText, ReportsFollowEachOther) {
  EXPECT_EQ(describe(saying(bits, {{"PRI"}, {"IN"}, {}})), "PRI, then IN, then nothing");
}

TEST(AnswerText, RefusalsAndFailuresNameTheError) {
  Answer answer{.multiplexer = &bits, .outcome = Outcome::refused, .call = "ctl", .error = "EPERM"};
  EXPECT_EQ(describe(answer), "refused: EPERM");
  answer.outcome = Outcome::failed;
  EXPECT_EQ(describe(answer), "failed: EPERM");
  answer.outcome = Outcome::not_made;
  EXPECT_EQ(describe(answer), "cannot be made: ctl: EPERM");
}

TEST(AnswerText, RefusalInPartIsToldBesideTheRest) {
  auto answer = saying(sets, {{"READ+EOF"}});
  answer.refused_in_part = {"WRITE: EPIPE"};

  EXPECT_EQ(describe(answer), "READ+EOF; refused WRITE: EPIPE");
}

TEST(PollFlags, BitsHaveTheirNames) {
  EXPECT_EQ(names_of_poll_bits(0), Flags());
  EXPECT_EQ(names_of_poll_bits(POLLIN | POLLHUP), (Flags{"IN", "HUP"}));
  EXPECT_EQ(names_of_poll_bits(POLLOUT | POLLERR | POLLNVAL), (Flags{"OUT", "ERR", "NVAL"}));
}

TEST(PollFlags, BitWithoutANameIsANumber) {
  EXPECT_EQ(names_of_poll_bits(POLLIN | 0x40000000), (Flags{"IN", "0x40000000"}));
}

TEST(PollFlags, RequestsAskForWhatTheySay) {
  EXPECT_EQ(poll_request(Interest::none), 0);
  EXPECT_EQ(poll_request(Interest::read), POLLIN);
  const int all = poll_request(Interest::all);
  EXPECT_EQ(all & (POLLIN | POLLPRI | POLLOUT), POLLIN | POLLPRI | POLLOUT);
  EXPECT_EQ(all & poll_read_closed(), poll_read_closed());
  EXPECT_EQ(all & (POLLHUP | POLLERR | POLLNVAL), 0) << "these come unasked";
}

TEST(ErrorNames, KnownAndUnknown) {
  EXPECT_EQ(error_name(EPERM), "EPERM");
  EXPECT_EQ(error_name(ECONNREFUSED), "ECONNREFUSED");
  EXPECT_EQ(error_name(123456), "errno 123456");
  EXPECT_STREQ(SystemFailure("socket", ENOSYS).what(), "socket: ENOSYS");
}

}  // namespace
}  // namespace probe
