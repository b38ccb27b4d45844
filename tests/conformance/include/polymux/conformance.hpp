#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <polymux/poller/poller.hpp>

/// The conformance suite: the rules of docs/contract.md as tests, for any `Poller`.
///
///     int main(int argc, char** argv) {
///       polymux::conformance::add_subject(
///           {.name = "mine", .open = [] { return std::make_unique<MyPoller>(); }});
///       return polymux::conformance::main(argc, argv);
///     }
///
/// The suite comes as a static library that needs GoogleTest. It replaces the global `operator new`
/// of its program by one that counts, for the rules on allocation.
namespace polymux::conformance {
/// \addtogroup conformance
/// \{

/// A test that a subject is known not to pass, for a reason that lies beneath it: a library that
/// stands in for a kernel, an emulator.
struct Departure {
  /// What is done with the test.
  enum class Kind {
    /// It is run and has to fail: one that passes is off the list.
    fails,
    /// It is not run: it would crash, or fails only at times.
    skip,
  };
  /// The name of the test alone, such as `Add3RegularFileIsRefused`.
  std::string test;
  /// For people: what lies beneath it.
  std::string reason;
  /// Whether it fails, or is not run at all.
  Kind kind = Kind::fails;
};

/// What the suite is run against: a poller of any origin, and how to open one.
struct Subject {
  /// Letters, digits and underscores: it becomes part of the names of tests.
  std::string name;
  /// Opens a new one at each call; null if that fails.
  std::function<std::unique_ptr<Poller>()> open;
  /// Its name in the registry of polymux. Empty for a poller that is not in it, for which the rules
  /// on the choice of a backend do not apply.
  std::string backend{};
  /// Tests that it is known not to pass.
  std::vector<Departure> departures{};
};

/// Adds a subject. To be called before `main`.
///
/// \param subject  Its name must not be that of another.
void add_subject(Subject subject);

/// Adds each backend of polymux that can be used on this system.
void add_available_backends();

/// \return Those that were added, in this order.
[[nodiscard]] const std::vector<Subject>& subjects();

/// Runs the rules against every subject that was added, each test in a process of its own, and
/// prints the table of rules and subjects. `--help` lists the options: which rules and subjects,
/// how often, and the forms of the table (text, JSON, Markdown, JUnit). Arguments of GoogleTest
/// (`--gtest_...`) run the tests in this very process instead, as a debugger likes it.
///
/// To be called from the main thread, while it is the only one: it forks.
///
/// \param argc     As `main` of the program got it.
/// \param argv     As `main` of the program got it.
/// \param program  What the help calls it; the name of the file if empty.
/// \return 0 if every rule that applies is kept, 1 if one fails, 2 for wrong usage.
[[nodiscard]] int main(int argc, const char* const* argv, std::string_view program = {});

/// \}
}  // namespace polymux::conformance
