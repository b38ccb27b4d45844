// A signal without SA_RESTART at 1 kHz, while a loop waits and serves.

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>

#include "tests/stress/clients.hpp"
#include "tests/stress/stress_test.hpp"
#include "tests/support/processes.hpp"

namespace polymux::test {
namespace {

using namespace std::chrono_literals;

class SignalStress : public StressTest {};

TEST_P(SignalStress, WaitsLastAsLongAsTheyShould) {
  auto poller = open();
  const AlarmStorm storm(1ms);

  for (const auto timeout : {1ms, 7ms, 50ms, 400ms}) {
    const auto waited = wait_once(*poller, timeout);
    EXPECT_EQ(waited.result.count, 0U);
    EXPECT_FALSE(waited.result.woken);
    EXPECT_GE(waited.took, timeout);
    EXPECT_LT(waited.took, timeout + bound());
  }
  EXPECT_GT(AlarmStorm::count(), 50);
}

TEST_P(SignalStress, ServesWithoutLosingAByte) {
  EventLoop loop(open());
  ToupperService service;
  ConnectionManager manager(loop, service);
  const auto listening = manager.listen("127.0.0.1:0");
  ASSERT_TRUE(listening) << listening.message;
  std::atomic<int> wrong = 0;
  std::thread crowd([&] {
    const AlarmsBlocked blocked;
    Client lasting(listening.addresses.front());
    for (int count = 0; count < scaled(600); ++count) {
      const auto seed = static_cast<std::uint32_t>(count);
      if (!visit(listening.addresses.front(), seed)) ++wrong;
      if (!lasting.round_trip(20'000, seed)) ++wrong;
    }
    loop.stop();
  });
  {
    // Strikes this thread alone.
    const AlarmStorm storm(1ms);
    EXPECT_TRUE(succeeded(loop.run()));
  }

  crowd.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_GT(AlarmStorm::count(), 10);
}

POLYMUX_STRESS_EVERY_BACKEND(SignalStress);

}  // namespace
}  // namespace polymux::test
