#include "platform/socket_address.hpp"

#include <gtest/gtest.h>

#include "socket_fixture.hpp"

namespace polymux {
namespace {

Resolved resolve_text(std::string_view text) {
  const auto parsed = parse_endpoint(text);
  EXPECT_EQ(parsed.message, "");
  return resolve(parsed.endpoint);
}

TEST(SocketAddress, IsPrintedAsItIsRead) {
  for (const auto* const text : {"127.0.0.1:8080", "[::1]:80", "unix:/run/socket"}) {
    const auto resolved = resolve_text(text);

    ASSERT_EQ(resolved.addresses.size(), 1U) << resolved.message;
    EXPECT_EQ(resolved.addresses.front().to_string(), text);
  }
}

TEST(SocketAddress, OnlyASocketFileHasAPath) {
  EXPECT_EQ(resolve_text("unix:/run/socket").addresses.front().path(), "/run/socket");
  EXPECT_EQ(resolve_text("127.0.0.1:1").addresses.front().path(), "");
  if (!has_abstract_sockets()) GTEST_SKIP() << "no socket without a file here";
  const auto abstract = resolve_text("unix:@name").addresses.front();
  EXPECT_EQ(abstract.path(), "");
  EXPECT_EQ(abstract.to_string(), "unix:@name");
}

TEST(SocketAddress, NameResolvesToEachAddressOnce) {
  const auto resolved = resolve_text("localhost:1");
  if (resolved.error) GTEST_SKIP() << resolved.message;

  for (const auto& address : resolved.addresses) {
    EXPECT_EQ(std::count(resolved.addresses.begin(), resolved.addresses.end(), address), 1);
  }
}

TEST(SocketAddress, NameThatDoesNotResolveIsNamed) {
  const auto resolved = resolve_text("no-such-host.invalid:1");

  EXPECT_TRUE(resolved.error);
  EXPECT_TRUE(resolved.addresses.empty());
  EXPECT_NE(resolved.message.find("'no-such-host.invalid' does not resolve"), std::string::npos);
}

TEST(SocketAddress, LocalAddressOfWhatIsNoSocketIsAnError) {
  SocketAddress address;

  EXPECT_TRUE(local_address(-1, address));
}

}  // namespace
}  // namespace polymux
