#include "apps/polymux/operation/log.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

namespace operation {
namespace {

/// What `say` writes on stderr.
template <class Function>
std::string written_by(Function say) {
  ::testing::internal::CaptureStderr();
  say();
  return ::testing::internal::GetCapturedStderr();
}

TEST(Log, TextIsALine) {
  EXPECT_EQ(written_by([] {
              Log log(LogLevel::info, LogFormat::text);
              log.write(LogLevel::info, "all is well {} %v");
              log.write(LogLevel::error, "two\nlines\x1b[31m");
            }),
            "polymux: all is well {} %v\npolymux: two?lines?[31m\n");
}

TEST(Log, WhatIsBelowTheLeastIsNotWrittenUnlessAskedFor) {
  EXPECT_EQ(written_by([] {
              Log log(LogLevel::warning, LogFormat::text);
              EXPECT_FALSE(log.has(LogLevel::info));
              log.write(LogLevel::info, "2");
              log.write(LogLevel::warning, "3");
              log.write(LogLevel::error, "4");
              log.write_always(LogLevel::info, "5");
            }),
            "polymux: 3\npolymux: 4\npolymux: 5\n");
}

TEST(Log, JsonIsAnObjectALine) {
  if (const auto why = Log::why_not(LogFormat::json); !why.empty()) GTEST_SKIP() << why;

  const auto text = written_by([] {
    Log log(LogLevel::info, LogFormat::json);
    log.write(LogLevel::warning, "a \"quoted\" \\ word\tand \xff");
  });

  ASSERT_TRUE(text.ends_with('\n'));
  EXPECT_EQ(text.find('\n'), text.size() - 1);
  const auto line = nlohmann::json::parse(text);
  EXPECT_EQ(line["level"], "warning");
  EXPECT_EQ(line["message"], "a \"quoted\" \\ word?and \xef\xbf\xbd");
  EXPECT_GT(line["pid"].get<int>(), 0);
  const auto time = line["time"].get<std::string>();
  EXPECT_EQ(time.size(), std::string("2026-01-31T00:00:00.000Z").size()) << time;
  EXPECT_EQ(time.back(), 'Z');
}

}  // namespace
}  // namespace operation
