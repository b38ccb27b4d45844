#include "core/models/metrics_request.hpp"

#include <gtest/gtest.h>

#include <string>

namespace polymux {
namespace {

using Request = MetricsRequest;

constexpr std::string_view whole = "GET /metrics HTTP/1.1\r\nHost: here\r\n\r\n";

TEST(MetricsRequestReader, WhoeverAsksForMetricsGetsThem) {
  for (const char* const text :
       {"GET /metrics HTTP/1.1\r\n\r\n", "GET /metrics HTTP/1.0\r\nA: b\r\n\r\n",
        "GET /metrics?name[]=x HTTP/1.1\r\n\r\n", "GET /metrics HTTP/1.1\nHost: here\n\n",
        "GET /metrics HTTP/1.1\r\n\r\nand more"}) {
    EXPECT_EQ(read_metrics_request(text), Request::metrics) << text;
  }
}

TEST(MetricsRequestReader, EveryBeginningIsUnfinished) {
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_EQ(read_metrics_request(whole.substr(0, size)), Request::unfinished) << size;
  }
  EXPECT_EQ(read_metrics_request(whole), Request::metrics);
}

TEST(MetricsRequestReader, OtherPathsAreNotThere) {
  for (const char* const path :
       {"/", "/metric", "/metrics/", "/Metrics", "/metrics%20", "//metrics"}) {
    EXPECT_EQ(read_metrics_request("GET " + std::string(path) + " HTTP/1.1\r\n\r\n"),
              Request::not_found)
        << path;
  }
}

TEST(MetricsRequestReader, OtherMethodsAreNotAllowed) {
  for (const char* const method :
       {"HEAD", "POST", "PUT", "DELETE", "OPTIONS", "CONNECT", "NONSENSE"}) {
    EXPECT_EQ(read_metrics_request(std::string(method) + " /metrics HTTP/1.1\r\n\r\n"),
              Request::not_allowed)
        << method;
  }
}

TEST(MetricsRequestReader, WhatIsNoRequestIsMalformedAtOnce) {
  for (const char* const line :
       {"", "hello", "GET", "GET /metrics", "GET  HTTP/1.1", "get /metrics HTTP/1.1",
        "GET /metrics HTTP/2.0", "GET /metrics http/1.1", "GET /a b HTTP/1.1", " GET / HTTP/1.1",
        "GET metrics HTTP/1.1", "GET /metrics HTTP/1.1 ", "\x16\x03\x01\x02"}) {
    EXPECT_EQ(read_metrics_request(std::string(line) + "\r\n"), Request::malformed) << line;
  }
}

TEST(MetricsRequestReader, LengthHasAnEnd) {
  const std::string line(longest_metrics_request, 'G');
  const std::string first = "GET /metrics HTTP/1.1\r\nHost: ";
  const auto head = first + std::string(longest_metrics_request - first.size(), 'x');

  EXPECT_EQ(read_metrics_request(line.substr(1)), Request::unfinished);
  EXPECT_EQ(read_metrics_request(line), Request::too_long);
  EXPECT_EQ(read_metrics_request(head.substr(0, head.size() - 1)), Request::unfinished);
  EXPECT_EQ(read_metrics_request(head), Request::too_long);
  EXPECT_EQ(read_metrics_request(head + "\r\n\r\n"), Request::too_long);
  EXPECT_EQ(read_metrics_request(head.substr(0, head.size() - 4) + "\r\n\r\n"), Request::metrics);
}

}  // namespace
}  // namespace polymux
