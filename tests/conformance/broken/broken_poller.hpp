#pragma once

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <polymux/poller/poller.hpp>

#include "tests/conformance/registry.hpp"

namespace polymux::test {

/// The sound poller beneath a broken one, named by what the fault needs to show.
enum class Base {
  /// poll, which has neither edge nor a handle.
  plain,
  /// select: never the default where there is another.
  least,
  /// The one that polymux would choose: with edge and a handle, where this system has that.
  best,
  /// The best that has edge.
  edge,
  /// The best that has a handle.
  handle,
};
inline constexpr std::array every_base{Base::plain, Base::least, Base::best, Base::edge,
                                       Base::handle};

/// A test that must fail on a broken poller, and for what reason.
struct Failure {
  // NOLINTNEXTLINE(google-explicit-constructor): a table of names.
  Failure(const char* name, const char* reason = "") : test(name), because(reason) {}

  std::string test;
  /// What the first message of the failure contains; or that the test hangs, or crashes.
  std::string because;
};
inline constexpr const char* hangs = "(hangs)";
inline constexpr const char* crashes = "(crashes)";

/// A poller with one deliberate fault. It shows that a rule can be failed: a test that every broken
/// poller passes guards nothing.
struct BrokenPoller {
  /// What it does wrong, as a word.
  std::string name;
  Base base;
  /// The bug that it imitates: of a system's own multiplexer, or of a library.
  std::string imitates;
  /// Makes it of a sound poller. None for one whose registry is broken.
  std::function<std::unique_ptr<Poller>(std::unique_ptr<Poller>)> make;
  std::vector<Failure> fails;
  /// The choice of a backend, where that is what is broken.
  std::shared_ptr<const Registry> registry{};
};

using BrokenPollers = std::vector<BrokenPoller>;

/// A broken poller of class `Fault`, which is made of a sound one.
template <class Fault>
[[nodiscard]] BrokenPoller broken(const std::string& name, Base base, const std::string& imitates,
                                  const std::vector<Failure>& fails) {
  return {
      .name = name,
      .base = base,
      .imitates = imitates,
      .make =
          [](std::unique_ptr<Poller> inner) { return std::make_unique<Fault>(std::move(inner)); },
      .fails = fails};
}

// One function for each file of faults.
void add_add_faults(BrokenPollers& all);
void add_modify_faults(BrokenPollers& all);
void add_remove_faults(BrokenPollers& all);
void add_identity_faults(BrokenPollers& all);
void add_wait_faults(BrokenPollers& all);
void add_time_faults(BrokenPollers& all);
void add_fairness_faults(BrokenPollers& all);
void add_wake_faults(BrokenPollers& all);
void add_trigger_faults(BrokenPollers& all);
void add_readiness_faults(BrokenPollers& all);
void add_unasked_faults(BrokenPollers& all);
void add_process_faults(BrokenPollers& all);
void add_fork_faults(BrokenPollers& all);
void add_capability_faults(BrokenPollers& all);
void add_registry_faults(BrokenPollers& all);

}  // namespace polymux::test
