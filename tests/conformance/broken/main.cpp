// Runs tests of the conformance suite against one broken poller, which is named on the command line
// before what GoogleTest takes:
//
//   polymux_broken_pollers --list
//   polymux_broken_pollers --poller NAME [--gtest_filter=... | --gtest_list_tests]
//
// Ends at the first failure, since one is enough. run_broken_pollers.py makes the table of all.

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <iostream>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include <polymux/poller/registry.hpp>

#include "tests/conformance/broken/broken_poller.hpp"
#include "tests/conformance/broken/tracking_poller.hpp"
#include "tests/conformance/registry.hpp"
#include "tests/conformance/subject.hpp"
#include "tests/conformance/suite.hpp"

namespace polymux::test {
namespace {

BrokenPollers every_broken_poller() {
  BrokenPollers all;
  add_add_faults(all);
  add_modify_faults(all);
  add_remove_faults(all);
  add_identity_faults(all);
  add_wait_faults(all);
  add_time_faults(all);
  add_fairness_faults(all);
  add_wake_faults(all);
  add_trigger_faults(all);
  add_readiness_faults(all);
  add_unasked_faults(all);
  add_process_faults(all);
  add_fork_faults(all);
  add_capability_faults(all);
  add_registry_faults(all);
  return all;
}

Requirements required_of(Base base) {
  return {.edge = base == Base::edge, .pollable_handle = base == Base::handle};
}

OpenResult open_base(Base base) {
  if (base == Base::plain) return open_poller("poll");
  if (base == Base::least) return open_poller("select");
  const auto required = required_of(base);
  auto opened = open_poller(required);
  const auto wanted = missing(required, Capabilities{});
  if (!opened && !wanted.empty()) opened.message = "needs " + wanted + ": " + opened.message;
  return opened;
}

std::string sound_name(std::string_view backend) {
  return "sound_" + std::string(backend);
}

/// What every broken poller is made of, without a fault: these pass every test. Two bases may be
/// the same backend.
BrokenPollers every_sound_poller() {
  BrokenPollers all;
  std::set<std::string> seen;
  for (const auto base : every_base) {
    const auto opened = open_base(base);
    if (!opened || !seen.insert(opened.backend).second) continue;
    all.push_back(broken<ForwardingPoller>(sound_name(opened.backend), base, "", {}));
    all.push_back(broken<EditingPoller>(sound_name("editing_" + opened.backend), base, "", {}));
  }
  return all;
}

/// For run_broken_pollers.py: a line for each, its fields apart by tabs. What needs a poller that
/// this system or this build does not have is absent, and the line says why.
void list() {
  for (const auto& poller : every_sound_poller()) {
    std::cout << "sound\t" << poller.name << '\n';
  }
  for (const auto& poller : every_broken_poller()) {
    const auto base = open_base(poller.base);
    std::cout << (base ? "broken\t" : "absent\t") << poller.name << '\t'
              << (base ? sound_name(base.backend) : base.message) << '\t' << poller.imitates
              << '\n';
    for (const auto& failure : poller.fails) {
      std::cout << "fails\t" << failure.test << '\t' << failure.because << '\n';
    }
  }
}

std::optional<BrokenPoller> find(std::string_view name) {
  for (const auto& all : {every_sound_poller(), every_broken_poller()}) {
    for (const auto& poller : all) {
      if (poller.name == name) return poller;
    }
  }
  return std::nullopt;
}

/// Ends the process at the first failure, and says where and why.
class FirstFailure : public ::testing::EmptyTestEventListener {
  void OnTestPartResult(const ::testing::TestPartResult& result) override {
    if (!result.failed()) return;
    const auto* file = result.file_name();
    std::printf("FAILED\t%s\t%s\n", file == nullptr ? "" : file, result.message());
    std::fflush(stdout);
    ::_exit(1);
  }
};

/// Leaves the suite one subject: this poller.
void make_subject(const BrokenPoller& poller) {
  const auto backend = open_base(poller.base).backend;
  if (poller.registry) replace_registry(*poller.registry);
  const auto make = poller.make;
  add_subject({.name = poller.name,
               .open = [make, base = poller.base]() -> std::unique_ptr<Poller> {
                 auto opened = open_base(base).poller;
                 return opened && make ? make(std::move(opened)) : std::move(opened);
               },
               .backend = backend});
}

int run(std::string_view name, int argc, char** argv) {
  const auto poller = find(name);
  if (!poller) {
    std::cerr << "no broken poller is called '" << name << "'; --list names them\n";
    return 2;
  }
  make_subject(*poller);
  conformance::bring_in_rules();
  ::testing::InitGoogleTest(&argc, argv);
  ::testing::UnitTest::GetInstance()->listeners().Append(new FirstFailure);
  return RUN_ALL_TESTS();
}

}  // namespace
}  // namespace polymux::test

int main(int argc, char** argv) {
  const std::string_view what(argc > 1 ? argv[1] : "");
  if (what == "--list" && argc == 2) {
    polymux::test::list();
    return 0;
  }
  if (what == "--poller" && argc > 2) {
    // GoogleTest sees what follows the name.
    return polymux::test::run(argv[2], argc - 2, argv + 2);
  }
  std::cerr << "usage: " << argv[0] << " --list | --poller NAME [option of GoogleTest]...\n";
  return 2;
}
