// What the library makes of memory that is not there: each allocation of a call fails in turn,
// until the call is through without reaching the one that would.

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <memory>
#include <new>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <polymux/polymux.hpp>

#include "tests/support/allocations.hpp"
#include "tests/support/clocks.hpp"
#include "tests/support/descriptors.hpp"
#include "tests/support/poller_assertions.hpp"

namespace polymux::test {
namespace {

using namespace std::chrono_literals;

/// More than any call makes: a loop that gets there does not come to an end.
constexpr int most_allocations = 100;

std::vector<std::string> available_names() {
  std::vector<std::string> names;
  for (const auto& status : available_backends()) {
    if (status.is_available()) names.emplace_back(status.name);
  }
  return names;
}

class MemoryFaults : public ::testing::TestWithParam<std::string> {
 protected:
  static std::unique_ptr<Poller> open() { return open_poller(GetParam()).poller; }
};
INSTANTIATE_TEST_SUITE_P(Every, MemoryFaults, ::testing::ValuesIn(available_names()),
                         [](const auto& one) { return one.param; });

TEST_P(MemoryFaults, AddIsRefusedAndLeavesNothing) {
  int refusals = 0;
  for (int skipped = 0; skipped < most_allocations; ++skipped) {
    const auto poller = open();
    ASSERT_NE(poller, nullptr);
    const auto [near, far] = socket_pair();
    // A poller has a place for the first numbers from the start.
    const Fd high = duplicate_at(near, 1000);
    ASSERT_TRUE(high);
    std::error_code error;
    bool has_failed = false;
    {
      const FailingAllocation fault(skipped);
      error = poller->add(high.get(), Token{1}, Interest::read);
      has_failed = fault.has_failed();
    }
    if (error) {
      ++refusals;
      EXPECT_EQ(error, std::errc::not_enough_memory);
      EXPECT_EQ(poller->remove(high.get()), Errc::not_registered);
      EXPECT_TRUE(succeeded(poller->add(high.get(), Token{1}, Interest::read)));
    }
    send(far, "x");
    expect_ready(*poller, Token{1}, Ready::readable);
    if (!has_failed) {
      EXPECT_GT(refusals, 0) << "a registration takes memory";
      return;
    }
  }
  FAIL() << "more than " << most_allocations << " allocations";
}

TEST_P(MemoryFaults, ModifyIsRefusedAndLeavesTheRegistrationAsItWas) {
  for (int skipped = 0; skipped < most_allocations; ++skipped) {
    const auto poller = open();
    ASSERT_NE(poller, nullptr);
    const auto [near, far] = socket_pair();
    ASSERT_TRUE(succeeded(poller->add(near.get(), Token{1}, Interest::read)));
    std::error_code error;
    bool has_failed = false;
    {
      const FailingAllocation fault(skipped);
      error = poller->modify(near.get(), Token{2}, Interest::read, Trigger::oneshot);
      has_failed = fault.has_failed();
    }
    if (error) {
      EXPECT_EQ(error, std::errc::not_enough_memory);
    }
    send(far, "x");
    expect_ready(*poller, error ? Token{1} : Token{2}, Ready::readable);
    if (!has_failed) return;
  }
  FAIL() << "more than " << most_allocations << " allocations";
}

TEST_P(MemoryFaults, WaitFailsOrComesThroughAndTheNextOneTellsAll) {
  for (int skipped = 0; skipped < most_allocations; ++skipped) {
    const auto poller = open();
    ASSERT_NE(poller, nullptr);
    const auto [near, far] = socket_pair();
    ASSERT_TRUE(succeeded(poller->add(near.get(), Token{1}, Interest::read)));
    send(far, "x");
    WaitResult result;
    bool has_failed = false;
    {
      std::array<Event, 16> events{};
      const FailingAllocation fault(skipped);
      result = poller->wait(events, 0ns);
      has_failed = fault.has_failed();
    }
    if (result.error) {
      EXPECT_EQ(result.error, std::errc::not_enough_memory);
    }
    expect_ready(*poller, Token{1}, Ready::readable);
    if (!has_failed) return;
  }
  FAIL() << "more than " << most_allocations << " allocations";
}

TEST_P(MemoryFaults, OpeningThrowsOrSaysWhyAndLeavesNoDescriptor) {
  // What the first one makes once for the process.
  ASSERT_NE(open(), nullptr);
  const auto before = open_numbers();
  for (int skipped = 0; skipped < most_allocations; ++skipped) {
    bool has_failed = false;
    {
      const FailingAllocation fault(skipped);
      try {
        const auto opened = open_poller(GetParam());
        if (!opened) {
          EXPECT_TRUE(opened.error);
        }
      } catch (const std::bad_alloc&) {
        EXPECT_TRUE(fault.has_failed());
      }
      has_failed = fault.has_failed();
    }
    ASSERT_EQ(open_numbers(), before) << "allocation " << skipped;
    if (!has_failed) return;
  }
  FAIL() << "more than " << most_allocations << " allocations";
}

/// What the peer of a connection hears back, "" if that was closed.
std::string ask(EventLoop& loop, const Fd& peer, const std::string& question) {
  send(peer, question);
  std::string answer;
  while (answer.size() < question.size()) {
    if (const auto error = loop.run_once(bound())) throw std::system_error(error, "run_once");
    std::array<char, 64> bytes{};
    const auto count = ::recv(peer.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (count == 0 || (count < 0 && errno != EAGAIN)) return {};
    if (count > 0) answer.append(bytes.data(), static_cast<std::size_t>(count));
  }
  return answer;
}

TEST_P(MemoryFaults, ClientIsTurnedAwayOrServedAndTheNextIsServed) {
  for (int skipped = 0; skipped < most_allocations; ++skipped) {
    EventLoop loop(open());
    ToupperService service;
    ConnectionManager manager(loop, service);
    bool has_failed = false;
    {
      auto [near, far] = socket_pair();
      std::error_code error;
      {
        const FailingAllocation fault(skipped);
        error = manager.adopt(near.release());
        has_failed = fault.has_failed();
      }
      if (error) {
        EXPECT_EQ(error, std::errc::not_enough_memory);
        EXPECT_EQ(drain(far), "") << "it was closed";
      } else {
        EXPECT_EQ(ask(loop, far, "abc"), "ABC");
      }
    }
    auto [near, far] = socket_pair();
    ASSERT_TRUE(succeeded(manager.adopt(near.release())));
    EXPECT_EQ(ask(loop, far, "xyz"), "XYZ");
    if (!has_failed) return;
  }
  FAIL() << "more than " << most_allocations << " allocations";
}

TEST_P(MemoryFaults, AnswerThatCannotBeKeptEndsItsConnectionAlone) {
  const std::string flood(std::size_t{1} << 20, 'a');
  for (int skipped = 0; skipped < most_allocations; ++skipped) {
    EventLoop loop(open());
    ToupperService service;
    ConnectionManager manager(loop, service);
    auto [near, far] = socket_pair();
    auto [other, friendly] = socket_pair();
    ASSERT_TRUE(succeeded(manager.adopt(near.release())));
    ASSERT_TRUE(succeeded(manager.adopt(other.release())));
    bool has_failed = false;
    {
      // It does not read, so that its answers have to be kept.
      const FailingAllocation fault(skipped);
      for (int turn = 0; turn < 8; ++turn) {
        static_cast<void>(
            ::send(far.get(), flood.data(), flood.size(), MSG_DONTWAIT | MSG_NOSIGNAL));
        // The wait may be what fails; `run` would try again.
        const auto error = loop.run_once(std::chrono::milliseconds(1));
        ASSERT_TRUE(!error || error == std::errc::not_enough_memory) << error.message();
      }
      has_failed = fault.has_failed();
    }
    EXPECT_EQ(ask(loop, friendly, "xyz"), "XYZ");
    if (!has_failed) return;
  }
  FAIL() << "more than " << most_allocations << " allocations";
}

}  // namespace
}  // namespace polymux::test
