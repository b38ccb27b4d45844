#include "apps/polymux/operation/config_file.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace operation {
namespace {

using Type = ConfigEntry::Type;

std::vector<ConfigEntry> entries_of(std::string_view text) {
  auto file = read_config(text);
  EXPECT_EQ(file.message, "") << text;
  return std::move(file.entries);
}

/// What is wrong, of what must not be read.
std::string refusal_of(std::string_view text) {
  const auto file = read_config(text);
  EXPECT_TRUE(file.entries.empty()) << text;
  EXPECT_NE(file.message, "") << text;
  return file.message;
}

TEST(ConfigFile, NothingIsInAnEmptyOne) {
  for (const char* const text : {"", "\n\n", "# a comment", "  # one\r\n\t\r\n# another\n"}) {
    EXPECT_TRUE(entries_of(text).empty());
  }
}

TEST(ConfigFile, EachTypeIsRead) {
  const auto entries = entries_of(
      "model = \"reactor\"\n"
      "idle-timeout=2.5 # seconds\n"
      "\n"
      "  max_connections\t=\t1000\r\n"
      "truth = true\n"
      "listen = ['127.0.0.1:1', \"unix:/a b\"]");

  EXPECT_EQ(entries,
            (std::vector<ConfigEntry>{{1, "model", Type::text, {"reactor"}},
                                      {2, "idle-timeout", Type::number, {"2.5"}},
                                      {4, "max_connections", Type::number, {"1000"}},
                                      {5, "truth", Type::truth, {"true"}},
                                      {6, "listen", Type::texts, {"127.0.0.1:1", "unix:/a b"}}}));
}

TEST(ConfigFile, ArrayGoesOverLines) {
  const auto entries = entries_of("listen = [ # where\n  \"a\" ,\n\n  \"b\", # and\n]\nnext = 1\n");

  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries[0].values, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(entries[1].line, 6U);
  EXPECT_TRUE(entries_of("listen = []")[0].values.empty());
}

TEST(ConfigFile, StringsAreTakenAsTomlHasIt) {
  EXPECT_EQ(entries_of(R"(a = "x\"y\\z\t#")")[0].values[0], "x\"y\\z\t#");
  EXPECT_EQ(entries_of(R"(a = 'C:\no')")[0].values[0], R"(C:\no)");
  EXPECT_EQ(entries_of("a = \"\"")[0].values[0], "");
}

TEST(ConfigFile, NumbersAreDecimal) {
  for (const char* const number : {"0", "7", "-1", "+1", "1000000", "0.5", "2.50"}) {
    EXPECT_EQ(entries_of("a = " + std::string(number))[0].type, Type::number) << number;
  }
  for (const char* const number :
       {"1e3", "0x10", "0o660", "0b1", "0660", "1_000", ".5", "5.", "1.2.3", "inf", "nan", "60s",
        "1979-05-27", "yes", "True", "reactor", "-"}) {
    const auto message = refusal_of("\na = " + std::string(number));
    EXPECT_NE(message.find("line 2: '" + std::string(number) + "'"), std::string::npos) << message;
  }
}

TEST(ConfigFile, WhatIsWrongIsNamedWithItsLine) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"a = 1\n[serve]\nb = 2", "line 2: this file has no tables"},
      {"a = 1\nnonsense", "line 2: this is not 'key = value'"},
      {"= 1", "line 1: this is not"},
      {"a b = 1", "line 1: this is not"},
      {"a.b = 1", "line 1: this is not"},
      {"\"a\" = 1", "line 1: this is not"},
      {"a =", "line 1: ''"},
      {"a = \n1", "line 1: ''"},
      {"a = 1 2", "line 1: something follows"},
      {"a = \"x\" b = 1", "line 1: something follows"},
      {"a = 1\nb = 2\na = 3", "'a' is there a second time"},
      {"a = \"x", "line 1: a string does not end"},
      {"a = \"x\nb = 1\"", "line 1: a string does not end"},
      {"a = \"\"\"x\"\"\"", "several lines"},
      {R"(a = "\u0041")", "only"},
      {"a = [1, 2]", "an array has strings alone"},
      {"a = [\"x\" \"y\"]", "comma"},
      {"a = [\"x\",\n\"y\"", "an array ends with"},
      {"a = [[\"x\"]]", "an array has strings alone"},
      {"a = {b = 1}", "neither a number"}};
  for (const auto& [text, said] : cases) {
    const auto message = refusal_of(text);
    EXPECT_NE(message.find(said), std::string::npos) << text << "\n" << message;
  }
}

TEST(ConfigFile, NothingMakesItReadPastTheEnd) {
  const std::string whole = "listen = [ \"a\\\"b\", 'c' ] # x\r\nidle-timeout = 2.5\n";
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    static_cast<void>(read_config(std::string_view(whole).substr(0, size)));
  }
  std::string zeros("a = \"x\"\0\n", 9);
  EXPECT_NE(refusal_of(zeros), "");
}

TEST(ConfigFile, FileThatCannotBeReadIsNamed) {
  EXPECT_NE(read_config_file("/no/such/file").message.find("No such file"), std::string::npos);
  EXPECT_NE(read_config_file("/").message.find("cannot be read"), std::string::npos);
}

}  // namespace
}  // namespace operation
