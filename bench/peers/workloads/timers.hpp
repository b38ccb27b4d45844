#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "fixed_array.hpp"
#include "support/random.hpp"
#include "support/run.hpp"

namespace bench {

/// Delays at random, all over after this.
constexpr std::chrono::milliseconds longest_delay{20};

inline std::vector<std::chrono::nanoseconds> random_delays(std::size_t count) {
  Random random;
  std::vector<std::chrono::nanoseconds> delays(count);
  for (auto& delay : delays) {
    // Whole milliseconds are what some of the libraries know; the order is as random as before.
    delay = std::chrono::nanoseconds(
        random.below(std::chrono::nanoseconds(longest_delay).count() - 1) + 1);
  }
  return delays;
}

/// How far a timer workload goes: `steps` of its parameters. What one step costs is the difference
/// to the step before.
enum TimerStep : std::uint64_t {
  make_timers = 0,
  schedule_timers = 1,
  cancel_timers = 2,  // after they were scheduled
  fire_timers = 3,    // after they were scheduled
};

template <class P>
void run_timers(Run& run) {
  static typename P::Loop loop(run.variant());
  static std::uint64_t left = 0;
  struct Count {
    void operator()() const {
      if (--left == 0) loop.stop();
    }
  };
  using Timer = typename P::template Timer<Count>;
  const auto delays = random_delays(run["timers"]);
  left = delays.size();
  FixedArray<Timer> timers(delays.size(), [](Timer* where, std::size_t /*index*/) {
    std::construct_at(where, loop, Count{});
  });
  loop.turn();
  const auto step = run["step"];
  if (step <= schedule_timers) run.begin();
  if (step == make_timers) run.finish(delays.size());
  for (std::size_t index = 0; index < delays.size(); ++index) {
    timers[index].start_after(delays[index]);
  }
  if (step == schedule_timers) run.finish(delays.size());
  if (step == cancel_timers) {
    run.begin();
    for (auto& timer : timers) timer.stop();
    run.finish(delays.size());
  }
  // All are due by then, so what is measured is firing and not waiting.
  std::this_thread::sleep_for(longest_delay + std::chrono::milliseconds(1));
  run.begin();
  loop.run();
  run.finish(delays.size() - left);
}

inline Workload timers_workload(const std::vector<std::string>& variants,
                                std::function<void(Run&)> work) {
  return {"timers", variants, {{"timers", 100'000}, {"step", schedule_timers}}, std::move(work)};
}

}  // namespace bench
