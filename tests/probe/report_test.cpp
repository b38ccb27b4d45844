#include "apps/polymux/probe/report.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

#include "fake_multiplexer.hpp"

namespace probe {
namespace {

const Making makeable{};
const Making unmakeable{.cases = {}, .absent = "nobody has one"};
const Opening unopenable{.open = nullptr, .absent = "not built"};

const Kind pipe_kind{"pipe", "a pipe", &makeable};
const Kind odd_kind{"odd", "an odd thing", &unmakeable};
const Multiplexer poll{.name = "poll",
                       .summary = "poll(2)",
                       .opening = &test::fake_opening(),
                       .interests = test::interests};
const Multiplexer gone{.name = "gone",
                       .summary = "what is gone",
                       .opening = &unopenable,
                       .interests = test::interests};

Answer of_poll(Interest interest, Flags flags) {
  Answer answer{.multiplexer = &poll, .interest = interest};
  if (flags.empty()) return answer;
  answer.outcome = Outcome::ready;
  answer.reports.push_back(std::move(flags));
  return answer;
}

// All, read, none.
std::vector<Answer> answers(Flags all, Flags read, Flags none) {
  return {of_poll(Interest::all, std::move(all)), of_poll(Interest::read, std::move(read)),
          of_poll(Interest::none, std::move(none))};
}

Survey a_survey(std::vector<Row> rows) {
  return {.system = {"Unix", "7.0", "of 1979", "pdp11", "1979-01-02T03:04:05Z"},
          .kinds = {&pipe_kind, &odd_kind},
          .multiplexers = {&poll, &gone},
          .interests = {Interest::all, Interest::read, Interest::none},
          .rows = std::move(rows)};
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(Lines, AllIsAlwaysThere) {
  const auto survey = a_survey({{&pipe_kind, "idle", answers({}, {}, {})}});

  ASSERT_EQ(lines_of(survey).size(), 1U);
  EXPECT_EQ(lines_of(survey)[0].interest, Interest::all);
}

TEST(Lines, ReadIsThereWhereItSaysWhatAllDoesNot) {
  const auto same = a_survey({{&pipe_kind, "data", answers({"IN", "OUT"}, {"IN"}, {})}});
  const auto more = a_survey({{&pipe_kind, "data", answers({"OUT"}, {"IN"}, {})}});

  EXPECT_EQ(lines_of(same).size(), 1U);
  ASSERT_EQ(lines_of(more).size(), 2U);
  EXPECT_EQ(lines_of(more)[1].interest, Interest::read);
}

TEST(Lines, NoneIsThereWhereSomethingIsSaidAllTheSame) {
  const auto survey = a_survey({{&pipe_kind, "peer-closed", answers({"HUP"}, {"HUP"}, {"HUP"})}});

  ASSERT_EQ(lines_of(survey).size(), 2U);
  EXPECT_EQ(lines_of(survey)[1].interest, Interest::none);
}

TEST(Lines, OneInterestAloneIsShownWhole) {
  auto survey = a_survey({{&pipe_kind, "idle", {of_poll(Interest::none, {})}}});
  survey.interests = {Interest::none};

  ASSERT_EQ(lines_of(survey).size(), 1U);
  EXPECT_EQ(cell(lines_of(survey)[0], poll), "nothing");
  EXPECT_EQ(cell(lines_of(survey)[0], gone), "");
}

TEST(Table, ShowsSystemKindsAndWhatIsAbsent) {
  const auto survey = a_survey({{&pipe_kind, "peer-closed", answers({"HUP"}, {"HUP"}, {"HUP"})}});

  EXPECT_EQ(as_table(survey, 100),
            "Unix 7.0, pdp11, 1979-01-02\n"
            "\n"
            "                       poll\n"
            "pipe: a pipe\n"
            "  peer-closed          HUP\n"
            "    asked for nothing  HUP\n"
            "odd: an odd thing\n"
            "  cannot be made: nobody has one\n"
            "\n"
            "not asked: gone: not built\n");
}

TEST(Table, RowThatCannotBeMadeSaysWhyOnce) {
  Answer answer{.multiplexer = &poll, .outcome = Outcome::not_made, .call = "make", .error = "EIO"};
  auto survey = a_survey({{&pipe_kind, "idle", {answer}}});

  EXPECT_TRUE(contains(as_table(survey, 100), "\n  idle  cannot be made: make: EIO\n"));
}

std::size_t widest_line(const std::string& text) {
  std::size_t widest = 0;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) widest = std::max(widest, line.size());
  return widest;
}

TEST(Table, FitsTheTerminal) {
  const Flags many{"IN", "OUT", "RDHUP", "HUP", "ERR", "PRI", "RDBAND", "WRBAND"};
  const auto survey = a_survey({{&pipe_kind, "data", answers(many, {}, {})}});

  EXPECT_LE(widest_line(as_table(survey, 34)), 34U);
  EXPECT_GT(widest_line(as_table(survey, 0)), 34U);
}

TEST(Markdown, RowThatCannotBeMadeSaysWhyOnce) {
  Answer answer{.multiplexer = &poll, .outcome = Outcome::not_made, .call = "make", .error = "EIO"};
  auto survey = a_survey({{&pipe_kind, "idle", {answer}}});
  survey.multiplexers = {&poll, &poll};

  EXPECT_TRUE(contains(as_markdown(survey), "| pipe | idle | cannot be made: make: EIO |  |\n"));
}

TEST(Markdown, IsATableWithoutBarsInCells) {
  const auto survey = a_survey({{&pipe_kind, "data", answers({"IN", "OUT"}, {"IN"}, {})},
                                {&pipe_kind, "peer-closed", answers({"HUP"}, {}, {"HUP"})}});

  EXPECT_EQ(as_markdown(survey),
            "Unix 7.0, pdp11, 1979-01-02\n"
            "\n"
            "| kind | situation | poll |\n"
            "| --- | --- | --- |\n"
            "| pipe | data | IN OUT |\n"
            "|  | peer-closed | HUP |\n"
            "|  | peer-closed, asked for nothing | HUP |\n"
            "\n`odd`: nobody has one.\n"
            "\n`gone`: not built.\n");
}

TEST(Json, HasEverything) {
  Answer refused{
      .multiplexer = &poll, .outcome = Outcome::refused, .call = "ctl", .error = "EPERM"};
  const auto survey =
      a_survey({{&pipe_kind, "data", {of_poll(Interest::read, {"IN", "RDNORM"}), refused}}});

  const auto json = nlohmann::json::parse(as_json(survey, "1.2.3"));

  EXPECT_EQ(json["form"], 1);
  EXPECT_EQ(json["polymux"], "1.2.3");
  EXPECT_EQ(json["date"], "1979-01-02T03:04:05Z");
  EXPECT_EQ(json["system"]["name"], "Unix");
  EXPECT_EQ(json["system"]["machine"], "pdp11");
  EXPECT_EQ(json["kinds"][1]["reason"], "nobody has one");
  EXPECT_TRUE(json["kinds"][0]["reason"].is_null());
  EXPECT_EQ(json["multiplexers"][1]["available"], false);
  const auto& row = json["rows"].at(0);
  EXPECT_EQ(row["kind"], "pipe");
  EXPECT_EQ(row["meaning"], meaning_of("data"));
  EXPECT_EQ(row["answers"][0]["reports"], nlohmann::json::parse(R"([["IN", "RDNORM"]])"));
  EXPECT_EQ(row["answers"][0]["text"], "IN");
  EXPECT_EQ(row["answers"][1]["outcome"], "refused");
  EXPECT_EQ(row["answers"][1]["call"], "ctl");
  EXPECT_EQ(row["answers"][1]["error"], "EPERM");
}

}  // namespace
}  // namespace probe
