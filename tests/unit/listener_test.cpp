#include "platform/listener.hpp"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include "platform/accept.hpp"
#include "socket_fixture.hpp"

namespace polymux {
namespace {

std::error_code open_at(std::string_view text, Listener& listener) {
  return open_listener(resolve(parse_endpoint(text).endpoint).addresses.front(), listener);
}

TEST(Listener, TellsThePortThatTheSystemChose) {
  Listener listener;

  ASSERT_FALSE(open_at("127.0.0.1:0", listener));

  EXPECT_EQ(listener.address.find("127.0.0.1:"), 0U);
  EXPECT_NE(listener.address, "127.0.0.1:0");
  EXPECT_TRUE(connect_to(listener.address));
}

TEST(Listener, AddressOfAnotherIsInUse) {
  Listener first;
  Listener second;
  ASSERT_FALSE(open_at("127.0.0.1:0", first));

  EXPECT_EQ(open_at(first.address, second), std::errc::address_in_use);
  EXPECT_FALSE(second.socket);
}

TEST(Listener, SixAloneLeavesThePortOfFourToOthers) {
  // The port that the system chose for one may be somebody else's for the other, so more than one
  // is tried; a socket that took both would refuse each.
  std::error_code refused;
  for (int attempt = 0; attempt < 20; ++attempt) {
    Listener six;
    Listener four;
    if (const auto error = open_at("[::]:0", six)) GTEST_SKIP() << error.message();
    refused = open_at("0.0.0.0" + six.address.substr(six.address.rfind(':')), four);
    if (!refused) return;
  }
  FAIL() << refused.message();
}

TEST(Listener, AcceptedSocketsDoNotDelayAnswers) {
  Listener listener;
  ASSERT_FALSE(open_at("127.0.0.1:0", listener));
  const auto client = connect_to(listener.address);
  const auto accepted = accept_client(listener.socket.get());

  int is_on = 0;
  socklen_t length = sizeof is_on;
  ASSERT_EQ(::getsockopt(accepted.client.get(), IPPROTO_TCP, TCP_NODELAY, &is_on, &length), 0);

  EXPECT_NE(is_on, 0);
}

TEST(Listener, SocketFileLivesAsLongAsItsListener) {
  const TemporaryFolder folder;
  {
    Listener listener;
    ASSERT_FALSE(open_at("unix:" + folder.file(), listener));
    EXPECT_EQ(listener.address, "unix:" + folder.file());
    EXPECT_TRUE(connect_to(listener.address));

    Listener second;
    EXPECT_EQ(open_at("unix:" + folder.file(), second), std::errc::address_in_use);
    EXPECT_TRUE(connect_to(listener.address));
  }

  EXPECT_NE(::access(folder.file().c_str(), F_OK), 0);
}

TEST(Listener, FolderThatIsNotThereIsAnError) {
  Listener listener;

  EXPECT_EQ(open_at("unix:/no/such/folder/socket", listener), std::errc::no_such_file_or_directory);
}

}  // namespace
}  // namespace polymux
