#include "platform/accept.hpp"

#include <gtest/gtest.h>

#include <cerrno>

#include "platform/listener.hpp"
#include "socket_fixture.hpp"

namespace polymux {
namespace {

class AcceptTest : public ::testing::Test {
 protected:
  AcceptTest() {
    EXPECT_FALSE(
        open_listener(resolve(parse_endpoint("127.0.0.1:0").endpoint).addresses.front(), listener));
  }

  Listener listener;
};

TEST(Accept, OneLostClientDoesNotConcernTheOthers) {
  for (const int code : {ECONNABORTED, EPROTO, EPERM, ENETDOWN, EHOSTDOWN, EHOSTUNREACH,
                         ENETUNREACH, ENOPROTOOPT, EOPNOTSUPP, ETIMEDOUT}) {
    EXPECT_EQ(classify_accept_error(code), AcceptStatus::lost) << code;
  }
}

TEST(Accept, WantOfDescriptorsIsToldFromWantOfMemory) {
  EXPECT_EQ(classify_accept_error(EMFILE), AcceptStatus::no_descriptor);
  EXPECT_EQ(classify_accept_error(ENFILE), AcceptStatus::no_descriptor);
  EXPECT_EQ(classify_accept_error(ENOBUFS), AcceptStatus::unable);
  EXPECT_EQ(classify_accept_error(ENOMEM), AcceptStatus::unable);
  EXPECT_EQ(classify_accept_error(EAGAIN), AcceptStatus::none);
}

TEST(Accept, UnknownErrorsPauseRatherThanSpin) {
  EXPECT_EQ(classify_accept_error(EBADF), AcceptStatus::unable);
  EXPECT_EQ(classify_accept_error(EINVAL), AcceptStatus::unable);
}

TEST_F(AcceptTest, NobodyWaits) {
  EXPECT_EQ(accept_client(listener.socket.get()).status, AcceptStatus::none);
}

TEST_F(AcceptTest, EachWhoWaitsIsAccepted) {
  const auto first = connect_to(listener.address);
  const auto second = connect_to(listener.address);

  for (int count = 0; count < 2; ++count) {
    const auto result = accept_client(listener.socket.get());
    EXPECT_EQ(result.status, AcceptStatus::accepted);
    EXPECT_TRUE(result.client);
  }
  EXPECT_EQ(accept_client(listener.socket.get()).status, AcceptStatus::none);
}

TEST_F(AcceptTest, WithoutAFreeNumberTheClientStillWaits) {
  const auto client = connect_to(listener.address);
  {
    const DescriptorLimit limit(next_number());
    EXPECT_EQ(accept_client(listener.socket.get()).status, AcceptStatus::no_descriptor);
  }

  EXPECT_EQ(accept_client(listener.socket.get()).status, AcceptStatus::accepted);
}

}  // namespace
}  // namespace polymux
