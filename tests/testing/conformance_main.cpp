// Runs the rules of docs/contract.md against a poller that could inject faults and injects none,
// and against one with the fault that no rule forbids.

#include <memory>

#include <polymux/conformance.hpp>
#include <polymux/poller/registry.hpp>
#include <polymux/testing/faulty_poller.hpp>

namespace {

/// Wraps what the system has, so that each fault is away and its machinery is there. Null if there
/// is nothing to wrap.
std::unique_ptr<polymux::Poller> open_wrapped(const polymux::testing::FaultPlan& plan) {
  auto opened = polymux::open_poller();
  if (!opened) return nullptr;
  return std::make_unique<polymux::testing::FaultyPoller>(std::move(opened.poller), plan);
}

}  // namespace

int main(int argc, char** argv) {
  polymux::conformance::add_subject({.name = "faultless", .open = [] { return open_wrapped({}); }});
  polymux::conformance::add_subject(
      {.name = "reordered",
       .open = [] { return open_wrapped({.reordered = polymux::testing::Frequency::every(1)}); }});
  return polymux::conformance::main(argc, argv);
}
