#pragma once

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <system_error>

#include <polymux/poller/poller.hpp>

#include "tests/conformance/subject.hpp"
#include "tests/conformance/suite.hpp"
#include "tests/support/clocks.hpp"
#include "tests/support/descriptors.hpp"
#include "tests/support/poller_assertions.hpp"

namespace polymux::conformance {

// GoogleTest finds it by the namespace of what it prints.
void PrintTo(const Subject& subject, std::ostream* out);

}  // namespace polymux::conformance

namespace polymux::test {

/// A poller of the subject, fresh for each test; and the bound on the CPU that a test may use.
///
/// Each test is named for its rule: Add3RegularFileIsRefused tests ADD-3. Failures name the subject
/// and the rule.
class ConformanceTest : public ::testing::TestWithParam<Subject> {
 protected:
  /// Enough for any test that does not work in a loop; a tenth of a second of spinning is more.
  static constexpr std::chrono::milliseconds default_cpu{60};

  void SetUp() override;
  void TearDown() override;

  [[nodiscard]] Poller& poller() { return *poller_; }
  [[nodiscard]] const Capabilities& capabilities() { return poller_->capabilities(); }
  /// Takes the poller away from the test, to destroy it or hand it on.
  [[nodiscard]] std::unique_ptr<Poller> take_poller() { return std::move(poller_); }
  [[nodiscard]] std::unique_ptr<Poller> open_another() const { return GetParam().open(); }

  /// For a test that works: it may use so much CPU before it counts as a spin.
  void allow_cpu(std::chrono::milliseconds allowed) { allowed_cpu_ = allowed; }

  /// Registers, and expects it to succeed.
  void add(const Fd& fd, Token token, Interest interest, Trigger trigger = Trigger::level);
  void modify(const Fd& fd, Token token, Interest interest, Trigger trigger = Trigger::level);

  /// As add; false if this kernel's multiplexer cannot serve the descriptor and says so (ADD-16).
  [[nodiscard]] bool add_if_served(const Fd& fd, Token token, Interest interest);

  Ready expect_ready(Token token, Ready wanted) {
    return test::expect_ready(poller(), token, wanted);
  }
  void expect_silence(std::chrono::milliseconds duration = std::chrono::milliseconds{60}) {
    test::expect_silence(poller(), duration);
  }

  /// The flag where the subject can tell it, else none: a hint is promised by a capability.
  [[nodiscard]] Ready hint(Ready flag);

 private:
  std::unique_ptr<Poller> poller_;
  std::optional<::testing::ScopedTrace> trace_;
  CpuClock cpu_;
  std::chrono::milliseconds allowed_cpu_ = default_cpu;
};

/// Every readable or writable interest a rule on errors has to hold for.
inline constexpr std::array<Interest, 3> directions{Interest::read, Interest::write,
                                                    Interest::read | Interest::write};

/// The directions that an event must name for this interest when whatever it waits for is over.
[[nodiscard]] Ready as_ready(Interest interest);

/// "ADD-3" for "Add3RegularFileIsRefused/epoll".
[[nodiscard]] std::string rule_of(const std::string& test_name);

[[nodiscard]] std::string name_of_subject(const ::testing::TestParamInfo<Subject>& info);

}  // namespace polymux::test

/// Runs the tests of a fixture against every subject, of which there may be none.
#define POLYMUX_FOR_EVERY_SUBJECT(Fixture)                                                   \
  GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(Fixture);                                    \
  INSTANTIATE_TEST_SUITE_P(Every, Fixture, ::testing::ValuesIn(::polymux::test::subjects()), \
                           ::polymux::test::name_of_subject)
