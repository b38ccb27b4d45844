#include "tests/conformance/runner/run_tests.hpp"

#include <poll.h>
#include <signal.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <iterator>
#include <list>
#include <string>
#include <system_error>
#include <utility>

#include <polymux/conformance.hpp>

#include "tests/conformance/runner/google_test_body.hpp"
#include "tests/support/clocks.hpp"

namespace polymux::conformance {
namespace {

volatile std::sig_atomic_t is_interrupted = 0;

/// Notes SIGINT and SIGTERM for as long as it lives. Without SA_RESTART, so that they end a wait.
class Interruptions {
 public:
  Interruptions() {
    is_interrupted = 0;
    struct sigaction action {};
    action.sa_handler = [](int /*number*/) { is_interrupted = 1; };
    ::sigaction(SIGINT, &action, &interrupt_before_);
    ::sigaction(SIGTERM, &action, &terminate_before_);
  }
  Interruptions(const Interruptions&) = delete;
  Interruptions& operator=(const Interruptions&) = delete;
  ~Interruptions() {
    ::sigaction(SIGINT, &interrupt_before_, nullptr);
    ::sigaction(SIGTERM, &terminate_before_, nullptr);
  }

 private:
  struct sigaction interrupt_before_ {};
  struct sigaction terminate_before_ {};
};

// For the longest: a test that fails may wait for each of several things.
std::chrono::nanoseconds time_limit() {
  return std::chrono::seconds(60) * test::slowness();
}

const Departure* departure_of(const SuiteTest& test) {
  for (const auto& subject : subjects()) {
    if (subject.name != test.subject) continue;
    const auto found = std::ranges::find(subject.departures, test.name, &Departure::test);
    return found == subject.departures.end() ? nullptr : &*found;
  }
  return nullptr;
}

TestRun judged(TestRun run, const Departure* departure) {
  if (departure == nullptr) return run;
  if (run.outcome == Outcome::failed) return {Outcome::departs, departure->reason, run.took};
  return {Outcome::failed, "passes, and is on the list of departures: " + departure->reason,
          run.took};
}

class Runner {
 public:
  using Tell = std::function<void(const SuiteTest&, const TestRun&)>;

  Runner(const std::vector<SuiteTest>& tests, std::size_t jobs, const Tell& tell)
      : next_(tests.begin()), end_(tests.end()), jobs_(jobs), tell_(tell) {}

  bool run() {
    const Interruptions interruptions;
    for (;;) {
      while (running_.size() < jobs_ && next_ != end_) begin(*next_++);
      if (running_.empty()) return true;
      wait();
      if (is_interrupted != 0) return false;
      collect();
    }
  }

 private:
  struct Running {
    const SuiteTest* test;
    const Departure* departure;
    IsolatedTest process;
  };

  void begin(const SuiteTest& test) {
    const auto* const departure = departure_of(test);
    if (departure != nullptr && departure->kind == Departure::Kind::skip) {
      tell_(test, {Outcome::departs, departure->reason, {}});
      return;
    }
    std::vector<int> others;
    for (const auto& other : running_) others.push_back(other.process.descriptor());
    const auto body = [&] { return run_google_test(test.filter); };
    running_.push_back({&test, departure, IsolatedTest(body, time_limit(), others)});
  }

  void wait() {
    polled_.clear();
    auto nearest = IsolatedTest::Clock::time_point::max();
    for (const auto& running : running_) {
      polled_.push_back({running.process.descriptor(), POLLIN, 0});
      nearest = std::min(nearest, running.process.deadline());
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(
        std::max(nearest - IsolatedTest::Clock::now(), IsolatedTest::Clock::duration::zero()));
    const int count =
        ::poll(polled_.data(), static_cast<nfds_t>(polled_.size()), static_cast<int>(left.count()));
    if (count < 0 && errno != EINTR) {
      throw std::system_error(errno, std::generic_category(), "poll");
    }
  }

  void collect() {
    const auto now = IsolatedTest::Clock::now();
    for (auto at = running_.begin(); at != running_.end();) {
      const bool goes_on = at->process.take_in() && now < at->process.deadline();
      if (!goes_on) tell_(*at->test, judged(at->process.finish(), at->departure));
      at = goes_on ? std::next(at) : running_.erase(at);
    }
  }

  std::vector<SuiteTest>::const_iterator next_;
  std::vector<SuiteTest>::const_iterator end_;
  std::size_t jobs_;
  const Tell& tell_;
  std::list<Running> running_;
  std::vector<pollfd> polled_;
};

}  // namespace

bool run_tests(const std::vector<SuiteTest>& tests, std::size_t jobs,
               const std::function<void(const SuiteTest&, const TestRun&)>& tell) {
  return Runner(tests, jobs, tell).run();
}

}  // namespace polymux::conformance
