#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <polymux/loop/event_loop.hpp>
#include <polymux/service/connection_manager.hpp>
#include <polymux/service/toupper_service.hpp>

#include "fault_mixes.hpp"
#include "tests/support/clocks.hpp"
#include "toupper_client.hpp"

namespace polymux::testing {
namespace {

using namespace std::chrono_literals;

/// The real service under the faults of one seed, and clients that look at every byte. All in one
/// thread, so that a seed that fails fails again.
class Trial {
 public:
  Trial(const Setting& setting, std::uint64_t seed)
      : random_(seed),
        is_told_of_errors_(setting.mix.cuts_off()),
        poller_(setting.open(seed)),
        faults_(*poller_),
        loop_(std::move(poller_)),
        manager_(loop_, service_, {.max_buffer = 100 + random_.below(8000)}) {
    for (std::size_t index = 0; index < 6; ++index) {
      clients_.emplace_back(random_, 1 + random_.below(20'000));
    }
  }

  [[nodiscard]] const FaultyPoller& faults() const { return faults_; }
  [[nodiscard]] ConnectionCounters served() const { return manager_.counters(); }

  void run() {
    listen();
    if (address_.empty()) return;
    for (auto& client : clients_) join(client);
    // How long it takes is up to the seed; that nothing moves for so long is a hang.
    test::Stopwatch since_moved;
    while (!is_over() && since_moved.elapsed() < test::bound()) {
      const bool is_moving = step_clients();
      if (is_moving) since_moved = test::Stopwatch();
      turn(is_moving ? 0ms : 1ms);
    }
    for (const auto& client : clients_) {
      EXPECT_EQ(client.mistake(), "");
      EXPECT_TRUE(client.is_done()) << "no answer, or not all of it";
    }
  }

  /// Lets the clients go on while the server ends in peace.
  void drain() {
    bool is_gone = false;
    manager_.drain([&] { is_gone = true; });
    const test::Stopwatch since_start;
    while (!is_gone && since_start.elapsed() < test::bound()) turn(10ms);
    EXPECT_TRUE(is_gone);
    EXPECT_EQ(served().active, 0U);
  }

  void turn(std::chrono::milliseconds longest) {
    // A wait that failed is tried again, as a program would that has nothing better to do.
    const auto error = loop_.run_once(longest);
    if (error && faults_.counters().wait_failures == 0) {
      ADD_FAILURE() << "the loop failed: " << error.message();
    }
  }

  void listen() {
    for (int tries = 0; tries < 100 && address_.empty(); ++tries) {
      const auto result = manager_.listen("127.0.0.1:0");
      if (result) address_ = result.addresses.front();
      if (!result && faults_.counters().add_failures == 0) break;
    }
    EXPECT_NE(address_, "") << "listening fails";
  }

  void join(ToupperClient& client) {
    ++joined_;
    if (random_.below(2) == 0) return client.use(connect_to(address_));
    SocketPair pair;
    // Little room, so that answers wait to be taken.
    const int room = 4096;
    EXPECT_EQ(::setsockopt(pair.near.get(), SOL_SOCKET, SO_SNDBUF, &room, sizeof room), 0);
    static_cast<void>(manager_.adopt(pair.near.release()));
    client.use(std::move(pair.far));
  }

  bool step_clients() {
    bool is_moving = false;
    for (auto& client : clients_) {
      is_moving = client.step() || is_moving;
      if (!client.was_cut_off()) continue;
      // Only where the server was told of an error, and only as a whole.
      if (!is_told_of_errors_ || joined_ > 500) {
        ADD_FAILURE() << "a connection was cut off";
        clients_.clear();
        break;
      }
      join(client);
    }
    return is_moving;
  }

  [[nodiscard]] bool is_over() const {
    return std::ranges::all_of(clients_, [](const auto& client) { return client.is_done(); });
  }

 private:
  Random random_;
  bool is_told_of_errors_;
  std::unique_ptr<FaultyPoller> poller_;
  const FaultyPoller& faults_;
  EventLoop loop_;
  ToupperService service_;
  ConnectionManager manager_;
  std::string address_;
  std::vector<ToupperClient> clients_;
  int joined_ = 0;
};

class ServiceUnderFaults : public ::testing::TestWithParam<Setting> {};
INSTANTIATE_TEST_SUITE_P(Every, ServiceUnderFaults, ::testing::ValuesIn(settings()), name_of);

/// True if faults of this mix can be injected at all on the backend.
bool can_be_injected(const Setting& setting) {
  if (setting.mix.name == "no_hints") {
    const auto poller = setting.open(0);
    const auto& can = poller->capabilities();
    return can.read_closed || can.hangup || can.error;
  }
  return setting.mix.name != "none";
}

TEST_P(ServiceUnderFaults, EveryByteIsAnswered) {
  std::uint64_t injected = 0;
  std::uint64_t backpressure = 0;
  for (std::uint64_t seed = 1; seed <= 12 && !HasFailure(); ++seed) {
    Trial trial(GetParam(), seed);

    trial.run();

    if (HasFailure()) ADD_FAILURE() << trial.faults().report();
    injected += trial.faults().counters().injected();
    backpressure += trial.served().backpressure;
  }

  // Or what was shown is little.
  EXPECT_EQ(injected > 0, can_be_injected(GetParam()));
  EXPECT_GT(backpressure, 0U);
}

TEST_P(ServiceUnderFaults, DrainAnswersWhoeverIsThere) {
  for (std::uint64_t seed = 1; seed <= 2 && !HasFailure(); ++seed) {
    Trial trial(GetParam(), seed);
    trial.run();

    trial.drain();

    if (HasFailure()) ADD_FAILURE() << trial.faults().report();
  }
}

/// A loop that was busy for longer than the idle time-out, and then cannot see to all at once.
TEST(ServiceBehind, ClientWhoseBytesWaitIsNotIdle) {
  for (const auto& plan : {FaultPlan{.short_batch = Frequency::every(1), .short_batch_room = 1},
                           FaultPlan{.late = Frequency::every(1), .most_late_waits = 1}}) {
    EventLoop loop(std::make_unique<FaultyPoller>(open_poller().poller, plan));
    ToupperService service;
    ConnectionManager manager(loop, service, {.idle_timeout = 30ms});
    SocketPair one;
    SocketPair other;
    ASSERT_FALSE(manager.adopt(one.near.release()));
    ASSERT_FALSE(manager.adopt(other.near.release()));

    // Not to wait for anything: this is the loop that is busy.
    loop.post([] { std::this_thread::sleep_for(40ms); });
    ASSERT_FALSE(loop.run_once(0ns));
    write_text(one.far.get(), "one");
    write_text(other.far.get(), "other");
    ASSERT_FALSE(loop.run_once(0ns));
    ASSERT_FALSE(loop.run_once(0ns));

    EXPECT_EQ(read_now(one.far.get()), "ONE");
    EXPECT_EQ(read_now(other.far.get()), "OTHER");
    EXPECT_EQ(manager.counters().idle_timeouts, 0U);
  }
}

}  // namespace
}  // namespace polymux::testing
