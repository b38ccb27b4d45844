// Random sequences on every backend that can be used here.

#include <gtest/gtest.h>

#include <iostream>

#include "tests/differential/search.hpp"
#include "tests/support/clocks.hpp"

namespace polymux::differential {
namespace {

class Differential : public ::testing::TestWithParam<std::string> {};

TEST_P(Differential, RandomSequencesDoNotDiverge) {
  const auto how = search_of_environment();
  const test::Stopwatch watch;

  const auto finding = search(subject_of(GetParam()), how);

  const auto& tally = finding.tally;
  std::cout << GetParam() << ": " << tally.sequences << " sequences of seed " << how.seed << ", "
            << tally.operations << " operations, " << tally.refusals << " refusals, " << tally.waits
            << " waits, " << tally.events << " events, " << tally.second_opinions
            << " opinions of libevent, " << test::milliseconds(watch.elapsed()) / 1000 << " s\n";
  EXPECT_TRUE(finding.report.empty()) << finding.report;
}

INSTANTIATE_TEST_SUITE_P(Every, Differential, ::testing::ValuesIn(usable_backends()),
                         [](const auto& backend) { return backend.param; });

}  // namespace
}  // namespace polymux::differential
