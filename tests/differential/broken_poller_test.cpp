// What the search is worth: pollers with one mistake each, which it has to find and to bring down
// to a few steps.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <stdexcept>
#include <utility>

#include <polymux/poller/registry.hpp>

#include "tests/differential/search.hpp"

namespace polymux::differential {
namespace {

/// poll(2) as it should be; each mistake is made by a class of its own.
class Forwarding : public Poller {
 public:
  Forwarding() : poller_(open_poller("poll").poller) {
    if (!poller_) throw std::runtime_error("the backend poll cannot be used here");
  }
  std::error_code add(int fd, Token token, Interest interest, Trigger trigger) noexcept override {
    return poller_->add(fd, token, interest, trigger);
  }
  std::error_code modify(int fd, Token token, Interest interest,
                         Trigger trigger) noexcept override {
    return poller_->modify(fd, token, interest, trigger);
  }
  std::error_code remove(int fd) noexcept override { return poller_->remove(fd); }
  WaitResult wait(std::span<Event> out, Timeout timeout) noexcept override {
    return poller_->wait(out, timeout);
  }
  void wake() noexcept override { poller_->wake(); }
  const Capabilities& capabilities() const noexcept override { return poller_->capabilities(); }
  std::optional<int> pollable_handle() noexcept override { return poller_->pollable_handle(); }

 private:
  std::unique_ptr<Poller> poller_;
};

/// The last event gets lost where there are several.
class DropsAnEvent final : public Forwarding {
  WaitResult wait(std::span<Event> out, Timeout timeout) noexcept override {
    auto result = Forwarding::wait(out, timeout);
    if (result.count > 1) --result.count;
    return result;
  }
};

/// What was registered first is reported, whatever `modify` says.
class KeepsAStaleToken final : public Forwarding {
  std::error_code add(int fd, Token token, Interest interest, Trigger trigger) noexcept override {
    const auto error = Forwarding::add(fd, token, interest, trigger);
    if (!error) tokens_[fd] = token;
    return error;
  }
  std::error_code modify(int fd, Token token, Interest interest,
                         Trigger trigger) noexcept override {
    const auto known = tokens_.find(fd);
    return Forwarding::modify(fd, known == tokens_.end() ? token : known->second, interest,
                              trigger);
  }
  std::map<int, Token> tokens_;
};

class TakesOneshotForLevel final : public Forwarding {
  std::error_code add(int fd, Token token, Interest interest, Trigger trigger) noexcept override {
    return Forwarding::add(fd, token, interest,
                           trigger == Trigger::oneshot ? Trigger::level : trigger);
  }
};

class LosesTheWake final : public Forwarding {
  WaitResult wait(std::span<Event> out, Timeout timeout) noexcept override {
    auto result = Forwarding::wait(out, timeout);
    if (result.count > 0) result.woken = false;
    return result;
  }
};

class SplitsAnEvent final : public Forwarding {
  WaitResult wait(std::span<Event> out, Timeout timeout) noexcept override {
    const auto result = Forwarding::wait(out, timeout);
    for (auto& event : out.first(result.count)) {
      if (contains(event.ready, Ready::readable | Ready::writable)) event.ready = Ready::readable;
    }
    return result;
  }
};

class SaysHangupOfAHalfClose final : public Forwarding {
  WaitResult wait(std::span<Event> out, Timeout timeout) noexcept override {
    const auto result = Forwarding::wait(out, timeout);
    for (auto& event : out.first(result.count)) {
      if (contains(event.ready, Ready::read_closed)) event.ready |= Ready::hangup;
    }
    return result;
  }
};

/// A small buffer goes to the lowest token each time.
class StarvesTheLast final : public Forwarding {
  WaitResult wait(std::span<Event> out, Timeout timeout) noexcept override {
    if (out.empty()) return Forwarding::wait(out, timeout);
    std::vector<Event> all(64);
    auto result = Forwarding::wait(all, timeout);
    all.resize(result.count);
    std::ranges::sort(all, {}, &Event::token);
    result.count = std::min(out.size(), all.size());
    std::copy_n(all.begin(), result.count, out.begin());
    return result;
  }
};

struct Mistake {
  const char* name;
  std::unique_ptr<Poller> (*open)();
  /// The rules that may be named for it.
  std::vector<std::string> rules;
};

void PrintTo(const Mistake& mistake, std::ostream* out) {
  *out << mistake.name;
}

template <class Broken>
std::unique_ptr<Poller> open() {
  return std::make_unique<Broken>();
}

const std::vector<Mistake>& mistakes() {
  static const std::vector<Mistake> all{
      {"DropsAnEvent", open<DropsAnEvent>, {"WAIT-5", "WAIT-1", "FAIR-1"}},
      {"KeepsAStaleToken", open<KeepsAStaleToken>, {"REM-1", "WAIT-5"}},
      {"TakesOneshotForLevel", open<TakesOneshotForLevel>, {"TRIG-2"}},
      {"LosesTheWake", open<LosesTheWake>, {"WAKE-6"}},
      {"SplitsAnEvent", open<SplitsAnEvent>, {"WAIT-4"}},
      {"SaysHangupOfAHalfClose", open<SaysHangupOfAHalfClose>, {"READY-15"}},
      {"StarvesTheLast", open<StarvesTheLast>, {"FAIR-1", "WAIT-5"}},
  };
  return all;
}

class BrokenPoller : public ::testing::TestWithParam<Mistake> {};

TEST_P(BrokenPoller, IsFoundAndShrunkToAFewSteps) {
  const auto& mistake = GetParam();
  const Subject subject{
      .name = mistake.name, .open = mistake.open, .patience = std::chrono::milliseconds{20}};

  const auto finding = search(subject, {.sequences = 3000, .seed = 1});

  ASSERT_FALSE(finding.report.empty()) << "not found in 3000 sequences";
  EXPECT_LE(finding.shortest.operations().size(), 8U) << finding.report;
  EXPECT_TRUE(std::ranges::any_of(mistake.rules, [&](const std::string& rule) {
    return finding.report.find(rule + ":") != std::string::npos;
  })) << finding.report;
  // What was printed is what fails.
  EXPECT_NE(play(subject, finding.shortest), "");
}

INSTANTIATE_TEST_SUITE_P(Every, BrokenPoller, ::testing::ValuesIn(mistakes()),
                         [](const auto& mistake) { return std::string(mistake.param.name); });

}  // namespace
}  // namespace polymux::differential
