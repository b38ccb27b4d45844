#pragma once

#include "tests/conformance/conformance_test.hpp"

namespace polymux::test {

/// For the rules of `add`.
class AddTest : public ConformanceTest {
 protected:
  void expect_refused(int fd, Errc wanted, Interest interest = Interest::read,
                      Trigger trigger = Trigger::level) {
    EXPECT_TRUE(is_error(poller().add(fd, Token{99}, interest, trigger), wanted))
        << "add(" << fd << ", " << to_string(interest) << ", " << to_string(trigger) << ")";
  }
};

}  // namespace polymux::test
