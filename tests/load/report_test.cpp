#include "apps/polymux/load/report.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace load {
namespace {

std::uint64_t& count_of(FailureCounts& counts, Failure failure) {
  return counts[static_cast<std::size_t>(failure)];
}

Result good_result() {
  Result result;
  result.tally.asked = result.tally.answered = result.tally.answered_in_time = 1000;
  result.tally.connections_opened = 4;
  for (std::uint64_t value = 1; value <= 1000; ++value) result.latency.record(value * 1000);
  result.seconds = 2;
  result.threads = 1;
  result.backend = "epoll";
  result.address = "127.0.0.1:1";
  return result;
}

std::string all_complaints(const Options& options, const Result& result) {
  std::string text;
  for (const auto& complaint : complaints(options, result)) text += complaint + "\n";
  return text;
}

TEST(Verdict, NothingIsSaidOfAGoodRun) {
  EXPECT_EQ(all_complaints({}, good_result()), "");
}

TEST(Verdict, EachKindOfFailureIsSaid) {
  for (std::size_t kind = 0; kind < failure_count; ++kind) {
    const auto failure = static_cast<Failure>(kind);
    auto failed = good_result();
    count_of(failed.tally.connection_failures, failure) = 3;
    EXPECT_NE(all_complaints({}, failed).find("3 connections were "), std::string::npos) << kind;
    auto lost = good_result();
    count_of(lost.tally.connection_losses, failure) = 1;
    EXPECT_NE(all_complaints({}, lost).find("1 open connection was lost"), std::string::npos);
    auto unanswered = good_result();
    count_of(unanswered.tally.failures, failure) = 2;
    const auto said = all_complaints({}, unanswered).find("2 requests were ");
    EXPECT_EQ(said == std::string::npos, failure == Failure::abandoned) << kind;
  }
}

TEST(Verdict, LostDatagramsAloneAreNoFailure) {
  Options options;
  options.is_udp = true;
  auto result = good_result();
  count_of(result.tally.failures, Failure::timed_out) = 7;
  EXPECT_EQ(all_complaints(options, result), "");

  result.tally.answered = 0;
  EXPECT_EQ(all_complaints(options, result), "nothing was answered\n");

  result = good_result();
  result.tally.strays = 1;
  EXPECT_EQ(all_complaints(options, result), "1 datagram was no answer to anything\n");
}

TEST(Verdict, TheFirstWrongByteIsShown) {
  auto result = good_result();
  count_of(result.tally.failures, Failure::wrong) = 1;
  result.tally.first_wrong = {
      .connection = 3, .position = 1234, .expected = 'A', .got = 'a', .is_surplus = false};

  EXPECT_EQ(all_complaints({}, result),
            "1 request was answered wrongly\n"
            "the first wrong answer: byte 1,234 on connection 3 is 0x61, not 0x41\n");
}

TEST(Verdict, IdleConnectionsAloneNeedNoRequests) {
  Options options;
  options.connections = 0;
  options.idle = 5;
  Result result;
  result.tally.idle_opened = result.tally.idle_kept = 5;

  EXPECT_EQ(all_complaints(options, result), "");
}

TEST(Report, TextHasTheFigures) {
  const auto text = as_text({}, good_result());

  EXPECT_NE(text.find("1,000 answered of 1,000 in 2.00 s, 500 a second"), std::string::npos)
      << text;
  EXPECT_NE(text.find("p50 500 us  p90 900 us  p99 990 us  p99.9 999 us  max 1.00 ms"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("failures     none"), std::string::npos) << text;
}

TEST(Report, JsonHasTheFigures) {
  const auto json = nlohmann::json::parse(as_json({}, good_result(), "1.2.3"));

  EXPECT_EQ(json["form"], 1);
  EXPECT_EQ(json["polymux"], "1.2.3");
  EXPECT_EQ(json["requests_per_second"], 500);
  EXPECT_EQ(json["latency_ns"]["max"], 1'000'000);
  EXPECT_EQ(json["lateness_ns"], nullptr);
  EXPECT_EQ(json["asked_for"]["rate"], nullptr);
}

}  // namespace
}  // namespace load
