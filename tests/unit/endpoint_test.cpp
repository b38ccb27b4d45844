#include "platform/endpoint.hpp"

#include <gtest/gtest.h>
#include <sys/un.h>

#include <ostream>
#include <utility>
#include <vector>

namespace polymux {

static void PrintTo(const Endpoint& endpoint, std::ostream* out) {
  *out << static_cast<int>(endpoint.kind) << ' ' << endpoint.host << ' ' << endpoint.port;
}

namespace {

using Kind = Endpoint::Kind;

TEST(Endpoint, WellWrittenAddressesAreRead) {
  const std::vector<std::pair<std::string, Endpoint>> cases{
      {"127.0.0.1:80", {Kind::internet, "127.0.0.1", 80}},
      {"0.0.0.0:0", {Kind::internet, "0.0.0.0", 0}},
      {"[::1]:65535", {Kind::internet, "::1", 65535}},
      {"[fe80::1%lo]:1", {Kind::internet, "fe80::1%lo", 1}},
      {"localhost:08080", {Kind::internet, "localhost", 8080}},
      {"my-host.example_1.org:1", {Kind::internet, "my-host.example_1.org", 1}},
      {"unix:/run/a b:1", {Kind::unix_file, "/run/a b:1", 0}},
      {"unix:relative", {Kind::unix_file, "relative", 0}},
  };

  for (const auto& [text, expected] : cases) {
    const auto parsed = parse_endpoint(text);
    EXPECT_EQ(parsed.message, "") << text;
    EXPECT_EQ(parsed.endpoint, expected) << text;
  }
}

TEST(Endpoint, RefusalNamesWhatIsWrongAndWhatIsRight) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"", "no port; write HOST:PORT"},
      {"localhost", "no port; write HOST:PORT"},
      {":80", "no host before the port; write 127.0.0.1:8080"},
      {"localhost:", "port '' is not a number from 0 to 65535"},
      {"localhost:65536", "port '65536' is not"},
      {"localhost:-1", "port '-1' is not"},
      {"localhost:8x", "port '8x' is not"},
      {"::1:80", "in brackets, as [::1]:8080"},
      {"[::1]", "no port; write [::1]:8080"},
      {"[::1]80", "no port; write [::1]:8080"},
      {"[::1", "the bracket is not closed"},
      {"[]:1", "'' is no IPv6 address"},
      {"[10.0.0.1]:1", "'10.0.0.1' is no IPv6 address"},
      {"10.0.0.256:1", "'10.0.0.256' is no IPv4 address"},
      {"10.1:1", "'10.1' is no IPv4 address"},
      {"a host:1", "'a host' is no host name"},
      {"unix:", "no path after 'unix:'; write unix:/path"},
  };

  for (const auto& [text, why] : cases) {
    const auto message = parse_endpoint(text).message;
    EXPECT_EQ(message.find("'" + text + "' is not an address: "), 0U) << message;
    EXPECT_NE(message.find(why), std::string::npos) << message;
  }
}

TEST(Endpoint, HostNamesEndWhereTheDnsEnds) {
  EXPECT_EQ(parse_endpoint(std::string(253, 'x') + ":1").message, "");
  EXPECT_NE(parse_endpoint(std::string(254, 'x') + ":1").message, "");
}

TEST(Endpoint, PathsEndWhereTheKernelsFieldEnds) {
  constexpr auto longest = sizeof(sockaddr_un::sun_path) - 1;

  EXPECT_EQ(parse_endpoint("unix:" + std::string(longest, 'x')).message, "");
  EXPECT_NE(parse_endpoint("unix:" + std::string(longest + 1, 'x')).message, "");
}

TEST(Endpoint, NamesWithoutAFileAreForSystemsThatHaveThem) {
  const auto parsed = parse_endpoint("unix:@name");

  if (!has_abstract_sockets()) {
    EXPECT_NE(parsed.message.find("only Linux"), std::string::npos) << parsed.message;
    return;
  }
  EXPECT_EQ(parsed.message, "");
  EXPECT_EQ(parsed.endpoint, (Endpoint{Kind::unix_abstract, "name", 0}));
  EXPECT_NE(parse_endpoint("unix:@").message, "");
}

}  // namespace
}  // namespace polymux
