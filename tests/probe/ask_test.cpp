#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

#include "apps/polymux/probe/choose.hpp"
#include "apps/polymux/probe/survey.hpp"
#include "apps/polymux/probe/system_failure.hpp"
#include "fake_multiplexer.hpp"
#include "tests/support/descriptors.hpp"

namespace probe {
namespace test {

Script& script() {
  static Script one;
  return one;
}

namespace {

class FakeSession final : public Session {
 public:
  void watch(int /*fd*/, Interest interest) override {
    script().log.push_back("watch " + std::string(to_string(interest)));
    if (script().refuses_with != 0) throw Refusal("fake_ctl", script().refuses_with);
  }

  Flags look(std::chrono::milliseconds /*patience*/) override {
    if (script().fails_with != 0 && script().fails_after-- == 0)
      throw SystemFailure("fake_wait", script().fails_with);
    auto& says = script().is_waiting_for_it ? script().says_before : script().says;
    if (says.empty()) return {};
    auto said = says.front();
    if (!script().says_the_same_for_ever) says.pop_front();
    return said;
  }
};

}  // namespace

const Opening& fake_opening() {
  static const Opening opening{
      .open = []() -> std::unique_ptr<Session> { return std::make_unique<FakeSession>(); }};
  return opening;
}

}  // namespace test

namespace {

using test::fake;
using test::script;

Subject make_nothing() {
  return Subject(Descriptor());
}
Subject cannot_make() {
  throw SystemFailure("make", ENODEV);
}

void happens(Subject& /*subject*/) {
  script().log.emplace_back("happens");
  script().is_waiting_for_it = false;
}
void cannot_happen(Subject& /*subject*/) {
  throw SystemFailure("happen", ENOBUFS);
}

constexpr Case from_the_start{"idle", make_nothing};
constexpr Case in_steps{"data", make_nothing, happens};

class Ask : public testing::Test {
 protected:
  void SetUp() override { script() = {}; }
};

using Log = std::vector<std::string>;

TEST_F(Ask, MultiplexerIsToldBeforeItHappens) {
  static_cast<void>(ask(in_steps, fake(Telling::level), Interest::read));

  EXPECT_EQ(script().log, (Log{"watch read", "happens"}));
}

TEST_F(Ask, LateMultiplexerIsToldAfterwards) {
  static_cast<void>(ask(in_steps, fake(Telling::level, true), Interest::all));

  EXPECT_EQ(script().log, (Log{"happens", "watch all"}));
}

TEST_F(Ask, WhatIsSaidBeforeItHappensIsNotTheAnswer) {
  for (const auto telling : {Telling::changes, Telling::queue, Telling::level}) {
    script() = {};
    script().is_waiting_for_it = true;
    script().says_before = {{"OUT"}};
    script().says = {{"IN"}, {"IN"}};

    const auto answer = ask(in_steps, fake(telling), Interest::all);

    ASSERT_FALSE(answer.reports.empty()) << to_string(telling);
    EXPECT_EQ(answer.reports.front(), Flags{"IN"}) << to_string(telling);
  }
}

TEST_F(Ask, WhatIsSaidAtRegistrationIsTheAnswerWhereNothingHappens) {
  script().says = {{"OUT"}};

  const auto answer = ask(from_the_start, fake(Telling::changes), Interest::all);

  EXPECT_EQ(answer.reports, std::vector<Flags>{{"OUT"}});
}

TEST_F(Ask, LevelThatHoldsIsToldOnce) {
  script().says = {{"IN"}, {"IN"}, {"HUP"}};

  const auto answer = ask(from_the_start, fake(Telling::level), Interest::all);

  EXPECT_EQ(answer.outcome, Outcome::ready);
  EXPECT_EQ(answer.reports, std::vector<Flags>{{"IN"}});
}

TEST_F(Ask, LevelThatDoesNotHoldSaysSo) {
  script().says = {{"IN"}};

  // The answer points to it.
  const auto level = fake(Telling::level);
  const auto answer = ask(from_the_start, level, Interest::all);

  EXPECT_EQ(answer.reports, (std::vector<Flags>{{"IN"}, {}}));
  EXPECT_EQ(describe(answer), "IN, then nothing");
}

TEST_F(Ask, EveryReportOfAQueueIsTold) {
  script().says = {{"IN"}, {"IN"}, {"HUP"}};

  const auto answer = ask(from_the_start, fake(Telling::queue), Interest::all);

  EXPECT_EQ(answer.reports, (std::vector<Flags>{{"IN"}, {"IN"}, {"HUP"}}));
}

TEST_F(Ask, QueueWithoutEndIsCutOff) {
  script().says = {{"IN"}};
  script().says_the_same_for_ever = true;

  const auto answer = ask(in_steps, fake(Telling::queue), Interest::all);

  EXPECT_EQ(answer.reports.size(), 16U);
}

TEST_F(Ask, SilenceIsNothing) {
  const auto answer = ask(from_the_start, fake(Telling::level), Interest::none);

  EXPECT_EQ(answer.outcome, Outcome::nothing);
  EXPECT_TRUE(answer.reports.empty());
}

TEST_F(Ask, RefusalNamesCallAndError) {
  script().refuses_with = EPERM;

  const auto answer = ask(from_the_start, fake(Telling::level), Interest::all);

  EXPECT_EQ(answer.outcome, Outcome::refused);
  EXPECT_EQ(answer.call, "fake_ctl");
  EXPECT_EQ(answer.error, "EPERM");
}

TEST_F(Ask, WaitThatFailsIsNoRefusal) {
  script().fails_with = EBADF;

  // The answer points to it.
  const auto level = fake(Telling::level);
  const auto answer = ask(from_the_start, level, Interest::all);

  EXPECT_EQ(answer.outcome, Outcome::failed);
  EXPECT_EQ(describe(answer), "failed: EBADF");
}

TEST_F(Ask, WaitThatFailsLaterIsToldAfterWhatWasSaid) {
  script().says = {{"IN"}};
  script().fails_with = EBADF;
  script().fails_after = 1;

  // The answer points to it.
  const auto level = fake(Telling::level);
  const auto answer = ask(from_the_start, level, Interest::all);

  EXPECT_EQ(answer.outcome, Outcome::ready);
  EXPECT_EQ(describe(answer), "IN, then EBADF");
}

TEST_F(Ask, WhatCannotBeMadeSaysWhy) {
  const Case unmakeable{"idle", cannot_make};
  const Case unhappenable{"data", make_nothing, cannot_happen};

  const auto unmade = ask(unmakeable, fake(Telling::level), Interest::all);
  const auto unhappened = ask(unhappenable, fake(Telling::level), Interest::all);

  EXPECT_EQ(describe(unmade), "cannot be made: make: ENODEV");
  EXPECT_EQ(describe(unhappened), "cannot be made: happen: ENOBUFS");
  EXPECT_EQ(unmade.outcome, Outcome::not_made);
}

// Everything, on this very kernel.
TEST(SurveyOfThisSystem, LeavesNothingBehind) {
  std::signal(SIGPIPE, SIG_IGN);
  // What the first question leaves open for good, were there such a thing, is a leak too.
  const auto before = polymux::test::open_numbers();

  const auto found = survey(choose({}));

  EXPECT_EQ(polymux::test::open_numbers(), before);
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "a child is left";
  EXPECT_EQ(errno, ECHILD);
  EXPECT_FALSE(found.rows.empty());
}

TEST(SurveyOfThisSystem, AsksOnlyWhatWasChosen) {
  const auto found = survey(choose({.kinds = {"pipe-read"},
                                    .situations = {"data", "idle"},
                                    .multiplexers = {"poll", "select"},
                                    .interests = {"none"}}));

  ASSERT_EQ(found.rows.size(), 2U);
  for (const auto& row : found.rows) {
    EXPECT_EQ(row.kind->name, "pipe-read");
    ASSERT_EQ(row.answers.size(), 1U) << "select cannot be asked for nothing";
    EXPECT_EQ(row.answers[0].multiplexer->name, "poll");
    EXPECT_EQ(row.answers[0].outcome, Outcome::nothing);
  }
}

TEST(SurveyOfThisSystem, KnowsSystemAndDate) {
  const auto system = this_system();

  EXPECT_FALSE(system.name.empty() || system.release.empty() || system.machine.empty());
  ASSERT_EQ(system.date.size(), std::string_view("2026-11-21T10:20:30Z").size());
  EXPECT_EQ(system.date[10], 'T');
  EXPECT_EQ(system.date.back(), 'Z');
}

}  // namespace
}  // namespace probe
