#include "tests/support/clocks.hpp"

#include <time.h>

#include <algorithm>
#include <cstdlib>

#if defined(__has_feature)
#define POLYMUX_HAS_FEATURE(name) __has_feature(name)
#else
#define POLYMUX_HAS_FEATURE(name) 0
#endif

namespace polymux::test {
namespace {

constexpr int built_slowness() {
#if defined(__SANITIZE_THREAD__) || POLYMUX_HAS_FEATURE(thread_sanitizer)
  return 10;
#elif defined(__SANITIZE_ADDRESS__) || POLYMUX_HAS_FEATURE(address_sanitizer)
  return 5;
#else
  return 1;
#endif
}

}  // namespace

int slowness() {
  static const int factor = [] {
    const char* asked = std::getenv("POLYMUX_TEST_SLOW");
    return built_slowness() * (asked == nullptr ? 1 : std::max(1, std::atoi(asked)));
  }();
  return factor;
}

bool is_sanitized() {
  return built_slowness() > 1;
}

std::chrono::milliseconds bound() {
  static const int asked = [] {
    const char* value = std::getenv("POLYMUX_TEST_BOUND");
    return value == nullptr ? 5000 : std::max(1, std::atoi(value));
  }();
  return std::chrono::milliseconds(asked) * slowness();
}

std::chrono::nanoseconds CpuClock::now() {
  timespec used{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
}

}  // namespace polymux::test
