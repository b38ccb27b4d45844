// Descriptors that come and go, with and without `remove`: tokens must tell the living from the
// dead.

#include <fcntl.h>
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "tests/stress/stress_test.hpp"
#include "tests/support/processes.hpp"

namespace polymux::test {
namespace {

using namespace std::chrono_literals;

/// A crowd of socket pairs of which each is registered under a token that no other ever has.
class Crowd {
 public:
  Crowd(Poller& poller, std::uint32_t seed) : poller_(poller), random_(seed) {
    for (auto& member : members_) join(member);
  }

  /// Does something to somebody.
  void step() {
    auto& member = members_[random_() % members_.size()];
    switch (random_() % 6) {
      case 0:
        leave(member);
        join(member);
        break;
      case 1:
        vanish(member);
        join(member);
        break;
      case 2:
        vanish_but_for_a_duplicate(member);
        join(member);
        break;
      default:
        if (!member.has_data) send(member.pair.far, "x");
        member.has_data = true;
    }
    if (duplicates_.size() > 8) duplicates_.clear();
  }

  /// Looks, and judges each token that is reported.
  void look() {
    std::array<Event, 16> events{};
    const auto result = poller_.wait(events, 0ns);
    ASSERT_TRUE(succeeded(result.error));
    for (std::size_t index = 0; index < result.count; ++index) judge(events[index]);
  }

  /// Everybody who has something to read is reported within a bounded number of looks.
  void expect_all_reported() {
    for (auto& member : members_) {
      if (!member.has_data) send(member.pair.far, "x");
      member.has_data = true;
    }
    std::set<Token> wanted;
    for (const auto& member : members_) wanted.insert(member.token);
    for (int looks = 0; looks < 2000 && !wanted.empty(); ++looks) {
      std::array<Event, 16> events{};
      const auto result = poller_.wait(events, 100ms);
      ASSERT_TRUE(succeeded(result.error));
      for (std::size_t index = 0; index < result.count; ++index) {
        judge(events[index]);
        wanted.erase(events[index].token);
      }
    }
    EXPECT_TRUE(wanted.empty()) << wanted.size() << " were never reported";
  }

 private:
  struct Member {
    Pair pair;
    Token token{};
    bool has_data = false;
  };

  void join(Member& member) {
    member.pair = socket_pair();
    member.token = Token{++newest_};
    member.has_data = false;
    const int fd = member.pair.near.get();
    // Whatever was registered under this number is forgotten by that.
    stale_.erase(fd);
    ASSERT_TRUE(succeeded(poller_.add(fd, member.token, Interest::read))) << "number " << fd;
  }

  void leave(Member& member) { ASSERT_TRUE(succeeded(poller_.remove(member.pair.near.get()))); }

  // Closed without `remove`, as it should not be.
  void vanish(Member& member) {
    stale_[member.pair.near.get()] = {member.token, false};
    member.pair.near.reset();
  }

  void vanish_but_for_a_duplicate(Member& member) {
    duplicates_.push_back(duplicate(member.pair.near));
    send(member.pair.far, "y");
    stale_[member.pair.near.get()] = {member.token, true};
    member.pair.near.reset();
  }

  void judge(const Event& event) {
    for (auto& member : members_) {
      if (member.token != event.token) continue;
      EXPECT_EQ(event.ready, Ready::readable)
          << "token " << static_cast<std::uint64_t>(event.token);
      EXPECT_TRUE(member.has_data) << "nothing was sent";
      drain(member.pair.near);
      member.has_data = false;
      return;
    }
    // One that was closed may be called invalid (CLOSE-1). It may still be heard of while a
    // duplicate lives (CLOSE-3), or if its number is another file's by now (CLOSE-4).
    for (const auto& [fd, dead] : stale_) {
      if (dead.token != event.token) continue;
      const bool is_reused = ::fcntl(fd, F_GETFD) >= 0;
      EXPECT_TRUE(dead.has_duplicate || is_reused || event.ready == Ready::invalid)
          << "number " << fd << ", " << to_string(event.ready);
      return;
    }
    ADD_FAILURE() << "token " << static_cast<std::uint64_t>(event.token)
                  << " is nobody's: " << to_string(event.ready);
  }

  struct Dead {
    Token token{};
    bool has_duplicate = false;
  };

  Poller& poller_;
  std::mt19937 random_;
  std::uint64_t newest_ = 0;
  std::array<Member, 48> members_;
  std::map<int, Dead> stale_;
  std::vector<Fd> duplicates_;
};

class ChurnStress : public StressTest {};

TEST_P(ChurnStress, NoTokenOfTheDeadIsReported) {
  if (is_emulated()) GTEST_SKIP() << "libkqueue is not told of what is closed";
  auto poller = open();
  Crowd crowd(*poller, 1);

  for (int step = 0; step < scaled(30'000) && !HasFailure(); ++step) {
    crowd.step();
    if (step % 3 == 0) crowd.look();
  }
  crowd.expect_all_reported();
}

TEST_P(ChurnStress, AMillionRegistrationsCostNothingThatLasts) {
  auto poller = open();
  std::vector<Pair> pairs;
  for (int count = 0; count < 8; ++count) pairs.push_back(socket_pair());
  const auto cycle = [&](int count) {
    for (int round = 0; round < count; ++round) {
      const int fd = pairs[static_cast<std::size_t>(round) % pairs.size()].near.get();
      const auto added = poller->add(fd, Token{1}, Interest::read);
      const auto removed = poller->remove(fd);
      ASSERT_FALSE(added || removed) << describe(added) << ", " << describe(removed);
    }
  };
  cycle(1000);
  const auto open_before = open_numbers();
  const auto resident_before = greatest_resident_kibibytes();

  cycle(scaled(1'000'000));

  EXPECT_EQ(open_numbers(), open_before);
  // A sanitizer keeps what was freed for a while.
  if (!is_sanitized()) {
    EXPECT_LE(greatest_resident_kibibytes() - resident_before, 1024);
  }
  send(pairs[0].far, "x");
  ASSERT_TRUE(succeeded(poller->add(pairs[0].near.get(), Token{2}, Interest::read)));
  expect_ready(*poller, Token{2}, Ready::readable);
}

POLYMUX_STRESS_EVERY_BACKEND(ChurnStress);

}  // namespace
}  // namespace polymux::test
