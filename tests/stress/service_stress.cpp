// Clients that come, talk, break off and leave, by the thousand.

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "tests/stress/clients.hpp"
#include "tests/stress/stress_test.hpp"

namespace polymux::test {
namespace {

using namespace std::chrono_literals;

class ServiceStress : public StressTest {};

TEST_P(ServiceStress, ConnectionsComeAndGoWithoutATrace) {
  constexpr std::uint32_t thread_count = 4;
  EventLoop loop(open());
  ToupperService service;
  const auto open_before = open_numbers().size();
  {
    ConnectionManager manager(loop, service);
    const auto listening = manager.listen("127.0.0.1:0");
    ASSERT_TRUE(listening) << listening.message;
    const auto address = listening.addresses.front();
    const auto visits = static_cast<std::uint32_t>(scaled(800));
    std::atomic<int> wrong = 0;
    std::atomic<std::uint32_t> running = thread_count;
    std::vector<std::thread> crowd;
    for (std::uint32_t index = 0; index < thread_count; ++index) {
      crowd.emplace_back([&, index] {
        for (std::uint32_t count = 0; count < visits; ++count) {
          if (!visit(address, index * visits + count)) ++wrong;
        }
        if (running.fetch_sub(1) == 1) {
          loop.post([&] { manager.drain([&] { loop.stop(); }); });
        }
      });
    }

    EXPECT_TRUE(succeeded(loop.run()));
    for (auto& thread : crowd) thread.join();

    EXPECT_EQ(wrong, 0);
    const auto& counters = manager.counters();
    EXPECT_EQ(counters.active, 0U);
    EXPECT_EQ(counters.accepted, counters.closed);
    EXPECT_EQ(counters.accepted + counters.accept_errors, std::uint64_t{thread_count} * visits);
    EXPECT_EQ(counters.bytes_in, counters.bytes_out);
    if (!is_emulated()) {
      EXPECT_GT(counters.resets, 0U);
    }
  }
  if (owns_all_descriptors()) {
    EXPECT_EQ(open_numbers().size(), open_before);
  }
}

POLYMUX_STRESS_EVERY_BACKEND(ServiceStress);

}  // namespace
}  // namespace polymux::test
