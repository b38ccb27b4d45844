#include "core/models/metrics_server.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "loop_fixture.hpp"
#include "platform/sockets.hpp"
#include "socket_fixture.hpp"

namespace polymux {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

class MetricsServerTest : public LoopTest {
 protected:
  void SetUp() override {
    const auto result = server.listen("127.0.0.1:0");
    ASSERT_TRUE(result) << result.message;
    address = result.addresses.front();
  }

  void run_until(const std::function<bool()>& is_done) {
    const auto deadline = Clock::now() + 15s;
    while (!is_done() && Clock::now() < deadline) ASSERT_FALSE(loop.run_once(10ms));
    ASSERT_TRUE(is_done());
  }

  /// All that comes until the server has no more to say.
  std::string answer_to(int client) {
    std::string answer;
    run_until([&] {
      answer += read_now(client);
      return is_ended(client);
    });
    return answer;
  }

  MetricsServer server{loop, [this] {
                         ++asked;
                         return Metrics{.counters = {.accepted = asked}};
                       }};
  std::uint64_t asked = 0;
  std::string address;
};

TEST_F(MetricsServerTest, AnswersWithWhatIsTrueAtTheMoment) {
  for (const char* const line :
       {"polymux_connections_accepted_total 1\n", "polymux_connections_accepted_total 2\n"}) {
    const auto client = connect_to(address);
    write_text(client.get(), "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");

    const auto answer = answer_to(client.get());

    EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n")) << answer;
    EXPECT_NE(answer.find("Content-Type: text/plain; version=0.0.4"), std::string::npos);
    EXPECT_NE(answer.find(line), std::string::npos);
    const auto body = answer.substr(answer.find("\r\n\r\n") + 4);
    EXPECT_NE(answer.find("Content-Length: " + std::to_string(body.size()) + "\r\n"),
              std::string::npos);
  }
}

TEST_F(MetricsServerTest, RequestMayComeByteByByte) {
  const auto client = connect_to(address);
  for (const char byte : std::string_view("GET /metrics HTTP/1.0\r\n\r\n")) {
    write_text(client.get(), {&byte, 1});
    turn();
  }

  EXPECT_TRUE(answer_to(client.get()).starts_with("HTTP/1.1 200 OK\r\n"));
}

TEST_F(MetricsServerTest, WhatIsNotForItIsRefused) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"GET / HTTP/1.1\r\n\r\n", "404"},
      {"POST /metrics HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello", "405"},
      {"nonsense\r\n", "400"},
      {std::string(20'000, 'x'), "431"}};
  for (const auto& [request, status] : cases) {
    const auto client = connect_to(address);
    write_text(client.get(), request);

    EXPECT_TRUE(answer_to(client.get()).starts_with("HTTP/1.1 " + status + " ")) << request;
  }
  EXPECT_EQ(asked, 0U);
}

TEST_F(MetricsServerTest, WhoIsSlowIsLetGoAfterFiveSeconds) {
  const auto silent = connect_to(address);
  const auto start = Clock::now();

  EXPECT_EQ(answer_to(silent.get()), "");

  EXPECT_GE(Clock::now() - start, 5s);
}

TEST_F(MetricsServerTest, ThoseBeyondTheMostAreClosedAndOthersServedAfterwards) {
  std::vector<UniqueFd> silent;
  for (std::size_t count = 0; count < MetricsServer::most_clients; ++count) {
    silent.push_back(connect_to(address));
  }
  const auto beyond = connect_to(address);

  EXPECT_EQ(answer_to(beyond.get()), "");
  EXPECT_FALSE(is_ended(silent.front().get()));

  silent.clear();
  for (int turns = 0; turns < 40; ++turns) turn();
  const auto client = connect_to(address);
  write_text(client.get(), "GET /metrics HTTP/1.1\r\n\r\n");
  EXPECT_TRUE(answer_to(client.get()).starts_with("HTTP/1.1 200 OK\r\n"));
}

TEST_F(MetricsServerTest, WhoGoesAwayInTheMiddleIsForgotten) {
  for (const char* const part : {"", "GET /met", "GET /metrics HTTP/1.1\r\n\r\n"}) {
    auto client = connect_to(address);
    write_text(client.get(), part);
    turn();
    client.reset();
    for (int turns = 0; turns < 5; ++turns) turn();
  }
  const auto client = connect_to(address);
  write_text(client.get(), "GET /metrics HTTP/1.1\r\n\r\n");
  EXPECT_TRUE(answer_to(client.get()).starts_with("HTTP/1.1 200 OK\r\n"));
}

TEST(MetricsUrl, IsWhatCanBeOpened) {
  EXPECT_EQ(metrics_url("127.0.0.1:9100"), "http://127.0.0.1:9100/metrics");
  EXPECT_EQ(metrics_url("[::1]:9100"), "http://[::1]:9100/metrics");
  EXPECT_EQ(metrics_url("unix:/run/m"), "/metrics of unix:/run/m");
}

}  // namespace
}  // namespace polymux
