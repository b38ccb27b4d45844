#include <polymux/testing/fault_plan.hpp>

#include <array>
#include <string_view>
#include <utility>

#include "core/testing/random.hpp"

namespace polymux::testing {
namespace {

using Kind = std::pair<std::string_view, std::uint64_t FaultCounters::*>;

constexpr std::array<Kind, 13> kinds{{
    {"spurious", &FaultCounters::spurious},
    {"late", &FaultCounters::late},
    {"reordered", &FaultCounters::reordered},
    {"short batches", &FaultCounters::short_batches},
    {"without hints", &FaultCounters::hints_dropped},
    {"empty wakes", &FaultCounters::empty_wakes},
    {"failed adds", &FaultCounters::add_failures},
    {"failed modifies", &FaultCounters::modify_failures},
    {"failed waits", &FaultCounters::wait_failures},
    {"lost", &FaultCounters::lost},
    {"early returns", &FaultCounters::early_returns},
    {"interrupted", &FaultCounters::interrupted},
    {"lost wakes", &FaultCounters::lost_wakes},
}};

// A third of the faults stay away, so that what one of them hides is found without it.
Frequency some(Random& random) {
  if (random.below(3) == 0) return {};
  return Frequency::chance(0.6 * random.fraction());
}

}  // namespace

FaultPlan mixed_faults(std::uint64_t seed) {
  Random random(seed);
  FaultPlan plan;
  plan.seed = seed;
  plan.spurious = some(random);
  plan.late = some(random);
  plan.most_late_waits = static_cast<std::uint32_t>(1 + random.below(5));
  plan.reordered = some(random);
  plan.short_batch = some(random);
  plan.short_batch_room = 1 + random.below(4);
  plan.hints_dropped = some(random);
  plan.empty_wake = some(random);
  return plan;
}

bool is_within_contract(const FaultPlan& plan) noexcept {
  const auto& beyond = plan.beyond;
  return beyond.lost.is_never() && beyond.early_return.is_never() &&
         beyond.interrupted.is_never() && beyond.lost_wake.is_never();
}

std::uint64_t FaultCounters::injected() const noexcept {
  std::uint64_t sum = 0;
  for (const auto& kind : kinds) sum += this->*kind.second;
  return sum;
}

std::string to_string(const FaultCounters& counters) {
  std::string text;
  for (const auto& [name, member] : kinds) {
    if (counters.*member == 0) continue;
    text += (text.empty() ? "" : ", ") + std::to_string(counters.*member) + " ";
    text += name;
  }
  if (text.empty()) text = "no fault";
  return text + " in " + std::to_string(counters.waits) + " waits";
}

}  // namespace polymux::testing
