#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include <polymux/poller/registry.hpp>
#include <polymux/testing/faulty_poller.hpp>

namespace polymux::testing {

/// A kind of plan.
struct Mix {
  std::string name;
  FaultPlan plan;
  /// The faults of `mixed_faults` too.
  bool is_mixed = false;

  [[nodiscard]] FaultPlan plan_for(std::uint64_t seed) const {
    auto chosen = is_mixed ? mixed_faults(seed) : plan;
    chosen.seed = seed;
    chosen.add_fails = plan.add_fails;
    chosen.modify_fails = plan.modify_fails;
    chosen.wait_fails = plan.wait_fails;
    return chosen;
  }

  /// Registrations fail, so that a connection may be refused or cut off, which its client sees.
  [[nodiscard]] bool cuts_off() const {
    return !plan.add_fails.is_never() || !plan.modify_fails.is_never();
  }
};

/// Each fault that a program has to survive, alone and with the others.
[[nodiscard]] inline std::vector<Mix> fault_mixes() {
  const auto always = Frequency::every(1);
  const auto often = Frequency::chance(0.3);
  const auto at_times = Frequency::chance(0.05);
  return {
      {"none", {}},
      {"spurious", {.spurious = always}},
      {"late", {.late = always, .most_late_waits = 5}},
      {"reordered", {.reordered = always}},
      {"short_batches", {.short_batch = always, .short_batch_room = 1}},
      {"no_hints", {.hints_dropped = always}},
      {"wake_storm", {.empty_wake = Frequency::chance(0.9)}},
      {"failing_adds", {.add_fails = often}},
      {"failing_modifies", {.modify_fails = often}},
      {"failing_waits", {.wait_fails = often}},
      {"mixed", {}, true},
      {"everything",
       {.add_fails = at_times, .modify_fails = at_times, .wait_fails = at_times},
       true},
  };
}

/// What a test runs with: a backend of this system, and a mix.
struct Setting {
  std::string backend;
  Mix mix;

  [[nodiscard]] std::unique_ptr<FaultyPoller> open(std::uint64_t seed) const {
    auto opened = open_poller(backend);
    EXPECT_TRUE(opened) << opened.message;
    return std::make_unique<FaultyPoller>(std::move(opened.poller), mix.plan_for(seed));
  }
};

inline void PrintTo(const Setting& setting, std::ostream* out) {
  *out << setting.backend << ", " << setting.mix.name;
}

[[nodiscard]] inline std::vector<Setting> settings() {
  std::vector<Setting> all;
  for (const auto& status : available_backends()) {
    if (!status.is_available()) continue;
    for (auto& mix : fault_mixes()) all.push_back({std::string(status.name), std::move(mix)});
  }
  return all;
}

[[nodiscard]] inline std::string name_of(const ::testing::TestParamInfo<Setting>& info) {
  return info.param.backend + "_" + info.param.mix.name;
}

}  // namespace polymux::testing
