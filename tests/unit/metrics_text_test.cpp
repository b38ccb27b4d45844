#include "core/models/metrics_text.hpp"

#include <gtest/gtest.h>

#include <map>
#include <sstream>
#include <string>

namespace polymux {
namespace {

using namespace std::chrono_literals;

bool has_line(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

TEST(MetricsText, EachFamilyIsExplainedOnceBeforeItsSamples) {
  const auto text = to_exposition({.has_loops = true});
  std::map<std::string, int> helps;
  std::string family;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("# HELP ")) {
      family = line.substr(7, line.find(' ', 7) - 7);
      EXPECT_EQ(++helps[family], 1) << line;
      EXPECT_TRUE(line.ends_with('.')) << line;
    } else if (line.starts_with("# TYPE ")) {
      EXPECT_TRUE(line.starts_with("# TYPE " + family + " ")) << line;
    } else {
      EXPECT_TRUE(line.starts_with(family)) << line << " of " << family;
    }
  }
  EXPECT_TRUE(text.ends_with('\n'));
  EXPECT_GE(helps.size(), 12U);
}

TEST(MetricsText, EachCounterIsThere) {
  const auto text = to_exposition({.counters = {.accepted = 1,
                                                .active = 2,
                                                .closed = 3,
                                                .refused_limit = 4,
                                                .refused_descriptors = 5,
                                                .accept_errors = 6,
                                                .idle_timeouts = 7,
                                                .resets = 8,
                                                .bytes_in = 9,
                                                .bytes_out = 18'446'744'073'709'551'615U,
                                                .backpressure = 11}});

  for (const char* const line :
       {"# TYPE polymux_connections gauge", "polymux_connections 2",
        "# TYPE polymux_connections_accepted_total counter", "polymux_connections_accepted_total 1",
        "polymux_connections_closed_total 3",
        "polymux_connections_refused_total{reason=\"limit\"} 4",
        "polymux_connections_refused_total{reason=\"descriptors\"} 5",
        "polymux_accept_errors_total 6", "polymux_idle_timeouts_total 7", "polymux_resets_total 8",
        "polymux_received_bytes_total 9", "polymux_sent_bytes_total 18446744073709551615",
        "polymux_backpressure_total 11"}) {
    EXPECT_TRUE(has_line(text, line)) << line << "\nis not in\n" << text;
  }
  EXPECT_EQ(text.find("loop"), std::string::npos);
  EXPECT_EQ(text.find("datagrams"), std::string::npos);
}

TEST(MetricsText, DatagramsAreNoConnections) {
  const auto text =
      to_exposition({.counters = {.datagrams_in = 3, .datagrams_out = 2, .datagrams_dropped = 1},
                     .are_datagrams = true});

  EXPECT_TRUE(has_line(text, "polymux_received_datagrams_total 3"));
  EXPECT_TRUE(has_line(text, "polymux_sent_datagrams_total 2"));
  EXPECT_TRUE(has_line(text, "polymux_dropped_datagrams_total 1"));
  EXPECT_EQ(text.find("connections"), std::string::npos);
}

TEST(MetricsText, BucketsOfAHistogramCountWhatIsNotGreater) {
  LoopMeasures measures;
  measures.note_turn(0ns);
  measures.note_turn(10us);
  measures.note_turn(10us + 1ns);
  measures.note_turn(1s);
  measures.note_turn(2s);
  for (const std::size_t events : {0U, 1U, 2U, 3U, 255U, 256U}) measures.note_events(events);
  Metrics metrics{.has_loops = true};
  measures.add_to(metrics.loops);

  const auto text = to_exposition(metrics);

  for (const char* const line :
       {"# TYPE polymux_loop_turn_seconds histogram",
        "polymux_loop_turn_seconds_bucket{le=\"1e-05\"} 2",
        "polymux_loop_turn_seconds_bucket{le=\"2.5e-05\"} 3",
        "polymux_loop_turn_seconds_bucket{le=\"0.5\"} 3",
        "polymux_loop_turn_seconds_bucket{le=\"1\"} 4",
        "polymux_loop_turn_seconds_bucket{le=\"+Inf\"} 5", "polymux_loop_turn_seconds_count 5",
        "polymux_loop_turn_seconds_sum 3.000020001", "polymux_loop_wait_events_bucket{le=\"0\"} 1",
        "polymux_loop_wait_events_bucket{le=\"1\"} 2",
        "polymux_loop_wait_events_bucket{le=\"2\"} 3",
        "polymux_loop_wait_events_bucket{le=\"4\"} 4",
        "polymux_loop_wait_events_bucket{le=\"255\"} 5",
        "polymux_loop_wait_events_bucket{le=\"+Inf\"} 6", "polymux_loop_wait_events_sum 517",
        "polymux_loop_wait_events_count 6"}) {
    EXPECT_TRUE(has_line(text, line)) << line << "\nis not in\n" << text;
  }
}

TEST(MetricsText, LoopsAreSummed) {
  std::array<LoopMeasures, 2> each;
  each[0].note_events(1);
  each[1].note_events(3);
  each[1].note_turn(1ms);
  LoopTotals totals;
  for (const auto& one : each) one.add_to(totals);
  each[1].clear();
  LoopTotals after;
  for (const auto& one : each) one.add_to(after);

  EXPECT_EQ(totals.events.sum, 4U);
  EXPECT_EQ(totals.turn_time.sum, 1'000'000U);
  EXPECT_EQ(after.events.sum, 1U);
  EXPECT_EQ(after.turn_time.sum, 0U);
}

}  // namespace
}  // namespace polymux
