#include "tests/conformance/conformance_test.hpp"

#include <cctype>
#include <ostream>

void polymux::conformance::PrintTo(const Subject& subject, std::ostream* out) {
  *out << subject.name;
}

namespace polymux::test {

void ConformanceTest::SetUp() {
  const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
  trace_.emplace(info->file(), info->line(),
                 "backend " + GetParam().name + ", rule " + rule_of(info->name()));
  poller_ = GetParam().open();
  ASSERT_NE(poller_, nullptr) << "the backend cannot be opened";
  cpu_.restart();
}

void ConformanceTest::TearDown() {
  const auto used = cpu_.elapsed();
  EXPECT_LE(used, allowed_cpu_ * slowness())
      << "CPU " << milliseconds(used) << " ms, allowed " << milliseconds(allowed_cpu_ * slowness())
      << " ms: something spins";
  trace_.reset();
}

void ConformanceTest::add(const Fd& fd, Token token, Interest interest, Trigger trigger) {
  EXPECT_TRUE(succeeded(poller().add(fd.get(), token, interest, trigger)))
      << "add(" << fd.get() << ", " << to_string(interest) << ", " << to_string(trigger) << ")";
}

bool ConformanceTest::add_if_served(const Fd& fd, Token token, Interest interest) {
  const auto error = poller().add(fd.get(), token, interest);
  if (error == Errc::refused_by_backend) return false;
  EXPECT_TRUE(succeeded(error)) << "add(" << fd.get() << ", " << to_string(interest) << ")";
  return !error;
}

void ConformanceTest::modify(const Fd& fd, Token token, Interest interest, Trigger trigger) {
  EXPECT_TRUE(succeeded(poller().modify(fd.get(), token, interest, trigger)))
      << "modify(" << fd.get() << ", " << to_string(interest) << ", " << to_string(trigger) << ")";
}

Ready ConformanceTest::hint(Ready flag) {
  const auto& can = capabilities();
  const bool is_told = (flag == Ready::read_closed && can.read_closed) ||
                       (flag == Ready::hangup && can.hangup) || (flag == Ready::error && can.error);
  return is_told ? flag : Ready::none;
}

Ready as_ready(Interest interest) {
  auto ready = Ready::none;
  if (contains(interest, Interest::read)) ready |= Ready::readable;
  if (contains(interest, Interest::write)) ready |= Ready::writable;
  return ready;
}

std::string rule_of(const std::string& test_name) {
  std::string rule;
  std::size_t at = 0;
  const auto is_digit = [&] {
    return std::isdigit(static_cast<unsigned char>(test_name[at])) != 0;
  };
  for (; at < test_name.size() && !is_digit(); ++at) {
    rule += static_cast<char>(std::toupper(static_cast<unsigned char>(test_name[at])));
  }
  rule += '-';
  for (; at < test_name.size() && is_digit(); ++at) rule += test_name[at];
  return rule;
}

std::string name_of_subject(const ::testing::TestParamInfo<Subject>& info) {
  return info.param.name;
}

}  // namespace polymux::test
