#include "apps/polymux/operation/service_manager.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <string>

#include "platform/endpoint.hpp"
#include "platform/socket_address.hpp"
#include "platform/unique_fd.hpp"
#include "tests/unit/socket_fixture.hpp"

namespace operation {
namespace {

using namespace std::chrono_literals;
using polymux::Endpoint;

constexpr long own = 4711;

/// A manager's end of it.
struct Listening {
  explicit Listening(const Endpoint& endpoint) : socket(::socket(AF_UNIX, SOCK_DGRAM, 0)) {
    const auto address = polymux::SocketAddress::of_unix(endpoint);
    EXPECT_EQ(::bind(socket.get(), address.get(), address.length()), 0);
  }

  [[nodiscard]] std::string next() const {
    std::array<char, 512> room{};
    const auto count = ::recv(socket.get(), room.data(), room.size(), MSG_DONTWAIT);
    return count < 0 ? std::string("nothing") : std::string(room.data(), std::size_t(count));
  }

  polymux::UniqueFd socket;
};

TEST(ServiceManager, NobodyIsThereUnlessTheEnvironmentSaysSo) {
  for (const char* const variable : {static_cast<const char*>(nullptr), ""}) {
    ServiceManager manager;

    EXPECT_EQ(manager.open(variable), "");
    EXPECT_FALSE(manager.is_there());
    EXPECT_FALSE(manager.tell("READY=1"));
    manager.tell_now_or_never("WATCHDOG=1");
  }
}

TEST(ServiceManager, MessagesComeWhole) {
  const polymux::TemporaryFolder folder;
  const Listening listening({.kind = Endpoint::Kind::unix_file, .host = folder.file()});
  ServiceManager manager;

  ASSERT_EQ(manager.open(folder.file().c_str()), "");
  EXPECT_TRUE(manager.is_there());
  EXPECT_FALSE(manager.tell("READY=1\nSTATUS=listening"));
  manager.tell_now_or_never("WATCHDOG=1");

  EXPECT_EQ(listening.next(), "READY=1\nSTATUS=listening");
  EXPECT_EQ(listening.next(), "WATCHDOG=1");
  EXPECT_EQ(listening.next(), "nothing");
}

TEST(ServiceManager, AbstractNameIsReached) {
  if (!polymux::has_abstract_sockets()) GTEST_SKIP() << "only Linux has abstract sockets";
  const auto name = "polymux-notify-" + std::to_string(::getpid());
  const Listening listening({.kind = Endpoint::Kind::unix_abstract, .host = name});
  ServiceManager manager;

  ASSERT_EQ(manager.open(("@" + name).c_str()), "");
  EXPECT_FALSE(manager.tell("STOPPING=1"));

  EXPECT_EQ(listening.next(), "STOPPING=1");
}

TEST(ServiceManager, WhatIsNoAddressIsNamed) {
  const auto too_long = "/" + std::string(200, 'x');
  for (const char* const text :
       {"relative/path", "vsock:2:1234", "@", too_long.c_str(), "/no/such/folder/socket"}) {
    ServiceManager manager;

    const auto message = manager.open(text);

    EXPECT_NE(message.find("NOTIFY_SOCKET is '" + std::string(text) + "'"), std::string::npos)
        << message;
    EXPECT_FALSE(manager.is_there());
  }
}

TEST(ServiceManager, WhoHasGoneIsAnError) {
  const polymux::TemporaryFolder folder;
  ServiceManager manager;
  {
    const Listening listening({.kind = Endpoint::Kind::unix_file, .host = folder.file()});
    ASSERT_EQ(manager.open(folder.file().c_str()), "");
  }

  EXPECT_EQ(manager.tell("READY=1"), std::errc::connection_refused);
  manager.tell_now_or_never("WATCHDOG=1");
}

TEST(ServiceManager, WhoTakesNothingIsNotWaitedForWithoutEnd) {
  const polymux::TemporaryFolder folder;
  const Listening listening({.kind = Endpoint::Kind::unix_file, .host = folder.file()});
  ServiceManager manager;
  ASSERT_EQ(manager.open(folder.file().c_str()), "");

  // A queue of datagrams is full at some time.
  std::error_code error;
  const auto start = std::chrono::steady_clock::now();
  for (int count = 0; count < 100'000; ++count) manager.tell_now_or_never("WATCHDOG=1");
  const auto without_waiting = std::chrono::steady_clock::now() - start;
  error = manager.tell("READY=1");

  EXPECT_LT(without_waiting, 20s);
  EXPECT_TRUE(error);
}

TEST(Watchdog, IsReadAsTheManualHasIt) {
  const auto limit = [](const char* usec, const char* pid = nullptr) {
    return read_watchdog({.watchdog_usec = usec, .watchdog_pid = pid}, own);
  };
  EXPECT_EQ(limit(nullptr).limit, 0us);
  EXPECT_EQ(limit("2000000").limit, 2s);
  EXPECT_EQ(limit("2000000", "4711").limit, 2s);
  EXPECT_EQ(limit("2000000", "4712").limit, 0us);
  EXPECT_EQ(limit("nonsense", "4712").message, "");
  for (const char* const wrong : {"", "0", "-1", "1s", "18446744073709551615"}) {
    EXPECT_NE(limit(wrong).message.find("WATCHDOG_USEC is '" + std::string(wrong) + "'"),
              std::string::npos);
    EXPECT_EQ(limit(wrong).limit, 0us);
  }
  for (const char* const wrong : {"", "0", "x"}) {
    EXPECT_NE(limit("1000", wrong).message.find("WATCHDOG_PID"), std::string::npos) << wrong;
  }
}

}  // namespace
}  // namespace operation
