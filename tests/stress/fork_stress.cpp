// Children come and go while their parent serves.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "tests/stress/clients.hpp"
#include "tests/stress/stress_test.hpp"
#include "tests/support/processes.hpp"

namespace polymux::test {
namespace {

using namespace std::chrono_literals;

class ForkStress : public StressTest {};

// What a child finds: its parent's poller is not its own, and one that it opens works, without a
// word to the parent. Each failure has a code.
int live_as_child(Poller& parents, const std::string& backend) {
  std::array<Event, 4> events{};
  auto pair = socket_pair();
  if (parents.add(pair.near.get(), Token{1}, Interest::read) != Errc::used_after_fork) return 1;
  if (parents.wait(events, 0ns).error != Errc::used_after_fork) return 2;
  parents.wake();
  auto own = open_poller(backend).poller;
  if (own == nullptr) return 3;
  if (own->add(pair.near.get(), Token{2}, Interest::read)) return 4;
  // Found not ready first, so that it is a change that has to be told.
  if (own->wait(events, 0ns).count != 0) return 5;
  send(pair.far, "x");
  const auto told = own->wait(events, bound());
  if (told.count != 1 || events[0].token != Token{2}) return 6;
  if (own->remove(pair.near.get())) return 7;
  return 0;
}

TEST_P(ForkStress, ChildrenComeAndGoWhileTheParentServes) {
  const auto open_before = open_numbers();
  {
    EventLoop loop(open());
    ToupperService service;
    ConnectionManager manager(loop, service);
    const auto listening = manager.listen("127.0.0.1:0");
    ASSERT_TRUE(listening) << listening.message;
    const int visits = scaled(400);
    // A process of its own, so that there is but one thread to fork.
    Child crowd([&] {
      int wrong = 0;
      for (int count = 0; count < visits; ++count) {
        if (!visit(listening.addresses.front(), static_cast<std::uint32_t>(count))) ++wrong;
      }
      return wrong == 0 ? 0 : 1;
    });
    std::vector<std::unique_ptr<Child>> children;
    const auto most = static_cast<std::size_t>(std::max(4, scaled(60)));
    Timer forker(loop, [&] {
      children.push_back(
          std::make_unique<Child>([&] { return live_as_child(loop.poller(), GetParam()); }));
      if (children.size() < most) {
        forker.start_after(2ms);
      } else {
        loop.stop();
      }
    });
    forker.start_after(0ms);
    ASSERT_TRUE(succeeded(loop.run()));
    for (auto& child : children) EXPECT_EQ(child->wait(), 0);

    // All that is left of the crowd is served, too.
    Timer end(loop, [&] {
      if (manager.counters().closed < static_cast<std::uint64_t>(visits)) {
        end.start_after(1ms);
      } else {
        loop.stop();
      }
    });
    end.start_after(0ms);
    ASSERT_TRUE(succeeded(loop.run()));
    EXPECT_EQ(crowd.wait(), 0);
    EXPECT_EQ(manager.counters().active, 0U);
    EXPECT_EQ(manager.counters().accept_errors, 0U);
  }
  if (owns_all_descriptors()) {
    EXPECT_EQ(open_numbers(), open_before);
  }
}

POLYMUX_STRESS_EVERY_BACKEND(ForkStress);

}  // namespace
}  // namespace polymux::test
