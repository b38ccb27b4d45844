#include "platform/sockets.hpp"

#include <gtest/gtest.h>

#include "platform/listener.hpp"
#include "socket_fixture.hpp"

namespace polymux {
namespace {

TEST(Sockets, AreOpenedNonBlockingAndClosedOnExec) {
  UniqueFd socket;
  UniqueFd spare;

  ASSERT_FALSE(open_stream_socket(AF_INET, socket));
  ASSERT_FALSE(open_spare_socket(spare));

  EXPECT_TRUE(has_flag(socket.get(), F_GETFL, O_NONBLOCK));
  EXPECT_TRUE(has_flag(socket.get(), F_GETFD, FD_CLOEXEC));
  EXPECT_TRUE(has_flag(spare.get(), F_GETFD, FD_CLOEXEC));
}

TEST(Sockets, FamilyThatIsNotThereIsAnError) {
  UniqueFd socket;

  EXPECT_TRUE(open_stream_socket(-1, socket));
  EXPECT_FALSE(socket);
}

TEST(Sockets, AcceptedOnesOweNothingToTheListenersFlags) {
  Listener listener;
  ASSERT_FALSE(
      open_listener(resolve(parse_endpoint("127.0.0.1:0").endpoint).addresses.front(), listener));
  const int flags = ::fcntl(listener.socket.get(), F_GETFL);
  ASSERT_EQ(::fcntl(listener.socket.get(), F_SETFL, (flags & ~O_NONBLOCK) | O_ASYNC), 0);
  const auto client = connect_to(listener.address);

  const UniqueFd accepted(accept_nonblocking(listener.socket.get()));

  ASSERT_TRUE(accepted);
  EXPECT_TRUE(has_flag(accepted.get(), F_GETFL, O_NONBLOCK));
  EXPECT_FALSE(has_flag(accepted.get(), F_GETFL, O_ASYNC));
  EXPECT_TRUE(has_flag(accepted.get(), F_GETFD, FD_CLOEXEC));
}

TEST(Sockets, ShutDownWritingIsTheEndOfStreamForThePeer) {
  const SocketPair pair;

  ASSERT_FALSE(shut_down_writing(pair.near.get()));

  EXPECT_TRUE(is_ended(pair.far.get()));
  write_text(pair.far.get(), "still");
  EXPECT_EQ(read_now(pair.near.get()), "still");
}

}  // namespace
}  // namespace polymux
