#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <polymux/poller/poller.hpp>

namespace polymux::test {

/// What the suite is run against: a poller of any origin, and how to open one.
struct Subject {
  /// Letters, digits and underscores: it becomes part of the names of tests.
  std::string name;
  /// Opens a new one at each call; null if that fails.
  std::function<std::unique_ptr<Poller>()> open;
  /// Its name in the registry of polymux. Empty for a poller that is not in it, for which the rules
  /// on the choice of a backend do not apply.
  std::string backend{};
};

/// Adds a subject. To be called before testing::InitGoogleTest, which reads the list.
void add_subject(Subject subject);

/// Adds each backend that can be used here.
void add_available_backends();

[[nodiscard]] const std::vector<Subject>& subjects();

}  // namespace polymux::test
