#include "platform/socket_io.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <string>
#include <vector>

#include "platform/descriptors.hpp"
#include "socket_fixture.hpp"

namespace polymux {
namespace {

TEST(SocketIo, ErrorsThatMeanThatThePeerIsGone) {
  for (const int code : {ECONNRESET, EPIPE, ECONNABORTED, EPROTOTYPE}) {
    EXPECT_EQ(classify_io_error(code), IoStatus::reset) << code;
  }
  EXPECT_EQ(classify_io_error(EAGAIN), IoStatus::would_block);
  EXPECT_EQ(classify_io_error(EBADF), IoStatus::failed);
  EXPECT_EQ(classify_io_error(ETIMEDOUT), IoStatus::failed);
}

TEST(SocketIo, MovesWhatThereIs) {
  const SocketPair pair;
  std::array<char, 8> room{};

  const auto sent = send(pair.far.get(), std::array{'a', 'b', 'c'});
  const auto got = receive(pair.near.get(), room);

  EXPECT_EQ(sent.status, IoStatus::done);
  EXPECT_EQ(sent.count, 3U);
  EXPECT_EQ(got.status, IoStatus::done);
  EXPECT_EQ(std::string(room.data(), got.count), "abc");
}

TEST(SocketIo, NothingToReadWouldBlock) {
  const SocketPair pair;
  std::array<char, 8> room{};
  ASSERT_FALSE(set_nonblocking(pair.near.get()));

  EXPECT_EQ(receive(pair.near.get(), room).status, IoStatus::would_block);
}

TEST(SocketIo, FullPeerTakesAPartAndThenNothing) {
  const SocketPair pair;
  ASSERT_FALSE(set_nonblocking(pair.near.get()));
  const std::vector<char> much(std::size_t{64} << 20, 'x');

  const auto first = send(pair.near.get(), much);

  EXPECT_EQ(first.status, IoStatus::done);
  EXPECT_GT(first.count, 0U);
  EXPECT_LT(first.count, much.size());
  EXPECT_EQ(send(pair.near.get(), much).status, IoStatus::would_block);
}

TEST(SocketIo, ClosedPeerIsTheEndOfStreamAndNoSignal) {
  SocketPair pair;
  std::array<char, 8> room{};
  ASSERT_FALSE(prepare_to_send(pair.near.get()));
  pair.far.reset();

  EXPECT_EQ(receive(pair.near.get(), room).status, IoStatus::end_of_stream);
  // SIGPIPE would end the test.
  EXPECT_EQ(send(pair.near.get(), std::array{'a'}).status, IoStatus::reset);
}

TEST(SocketIo, WhatWaitsIsSeenAndNotTaken) {
  SocketPair pair;
  EXPECT_FALSE(has_bytes(pair.near.get()));
  write_text(pair.far.get(), "x");
  EXPECT_TRUE(has_bytes(pair.near.get()));
  EXPECT_EQ(read_now(pair.near.get()), "x");

  pair.far.reset();
  EXPECT_FALSE(has_bytes(pair.near.get()));
}

TEST(SocketIo, SendingNowDoesNotWaitOnASocketThatBlocks) {
  const SocketPair pair;
  const std::string block(std::size_t{1} << 20, 'x');
  std::size_t sent = 0;
  IoResult result;
  while ((result = send_now(pair.near.get(), block)).status == IoStatus::done) sent += result.count;

  EXPECT_GT(sent, 0U);
  EXPECT_EQ(result.status, IoStatus::would_block);
}

}  // namespace
}  // namespace polymux
