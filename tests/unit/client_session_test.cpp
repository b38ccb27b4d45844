#include "core/models/client_session.hpp"

#include <array>
#include <polymux/service/toupper_service.hpp>
#include <string>
#include <thread>

#include "platform/descriptors.hpp"
#include "socket_fixture.hpp"

namespace polymux {
namespace {

using namespace std::chrono_literals;
using Outcome = ClientSession::Outcome;

class ClientSessionTest : public ::testing::Test {
 protected:
  ClientSessionTest() { EXPECT_FALSE(set_nonblocking(pair.near.get())); }

  ClientSession open() { return {std::move(pair.near), service, options, counters}; }

  SocketPair pair;
  ToupperService service;
  ConnectionOptions options;
  ServerCounters counters;
  std::array<char, 4096> room{};
};

TEST_F(ClientSessionTest, AnswersWhatIsThere) {
  auto session = open();
  EXPECT_EQ(session.advance(room), Outcome::idle);
  write_text(pair.far.get(), "hello");

  EXPECT_EQ(session.advance(room), Outcome::progress);

  EXPECT_EQ(read_now(pair.far.get()), "HELLO");
  EXPECT_EQ(counters.bytes_in, 5U);
  EXPECT_EQ(counters.bytes_out, 5U);
}

TEST_F(ClientSessionTest, IsOverWhenTheClientSendsNoMore) {
  auto session = open();
  write_text(pair.far.get(), "last");
  ASSERT_EQ(::shutdown(pair.far.get(), SHUT_WR), 0);

  EXPECT_EQ(session.advance(room), Outcome::progress);
  EXPECT_EQ(session.advance(room), Outcome::over);

  EXPECT_EQ(read_now(pair.far.get()), "LAST");
  EXPECT_EQ(counters.resets, 0U);
}

TEST_F(ClientSessionTest, ReadsNoMoreFromWhoDoesNotTakeHisAnswers) {
  auto session = open();
  const std::string block(room.size(), 'a');
  // Until neither takes more.
  while (send_some(pair.far.get(), block) > 0 || session.interest() == Interest::read) {
    ASSERT_NE(session.advance(room), Outcome::over);
    if (session.has_pending()) break;
  }
  ASSERT_TRUE(session.has_pending());
  EXPECT_EQ(session.interest(), Interest::write);
  EXPECT_EQ(counters.backpressure, 1U);
  const auto taken = counters.bytes_in.load();

  EXPECT_EQ(session.advance(room), Outcome::idle);
  EXPECT_EQ(counters.bytes_in, taken);
  std::string answer;
  while (session.has_pending()) {
    answer += read_now(pair.far.get());
    ASSERT_NE(session.advance(room), Outcome::over);
  }
  answer += read_now(pair.far.get());

  EXPECT_EQ(session.interest(), Interest::read);
  EXPECT_EQ(answer, std::string(answer.size(), 'A'));
  EXPECT_EQ(answer.size(), counters.bytes_out);
}

TEST_F(ClientSessionTest, PendingBytesCanBeMoved) {
  auto session = open();
  const std::string block(room.size(), 'a');
  while (!session.has_pending()) {
    send_some(pair.far.get(), block);
    ASSERT_NE(session.advance(room), Outcome::over);
  }
  const std::string kept(session.pending().begin(), session.pending().end());

  session.move_pending(kept.data());
  room.fill('?');
  std::string answer;
  while (session.has_pending()) {
    answer += read_now(pair.far.get());
    ASSERT_NE(session.advance(room), Outcome::over);
  }
  answer += read_now(pair.far.get());

  EXPECT_EQ(answer.find_first_not_of('A'), std::string::npos);
}

TEST_F(ClientSessionTest, IdleTimeIsCountedFromTheLastByte) {
  options.idle_timeout = 1h;
  auto session = open();
  const auto before = session.deadline();
  write_text(pair.far.get(), "a");

  EXPECT_EQ(session.advance(room), Outcome::progress);

  EXPECT_GT(session.deadline(), before);
  EXPECT_EQ(session.expire(), Outcome::over);
  EXPECT_EQ(counters.idle_timeouts, 1U);
}

TEST_F(ClientSessionTest, WithoutAnIdleTimeoutItHasNoDeadline) {
  options.idle_timeout = 0ns;

  EXPECT_EQ(open().deadline(), ClientSession::Clock::time_point::max());
}

TEST_F(ClientSessionTest, InADrainASilentClientIsToldAndThenClosed) {
  auto session = open();
  session.begin_drain();
  EXPECT_LE(session.deadline(), ClientSession::Clock::now() + 100ms);
  write_text(pair.far.get(), "still");
  EXPECT_EQ(session.advance(room), Outcome::progress);
  EXPECT_EQ(read_now(pair.far.get()), "STILL");

  EXPECT_EQ(session.expire(), Outcome::idle);
  EXPECT_TRUE(is_ended(pair.far.get()));
  write_text(pair.far.get(), "thrown away");
  EXPECT_EQ(session.advance(room), Outcome::idle);
  EXPECT_EQ(session.expire(), Outcome::over);

  EXPECT_EQ(counters.idle_timeouts, 0U);
  EXPECT_EQ(counters.bytes_in, 5U);
}

}  // namespace
}  // namespace polymux
