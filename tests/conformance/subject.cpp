#include "tests/conformance/subject.hpp"

#include <utility>

#include <polymux/poller/registry.hpp>

#include "tests/conformance/known_departures.hpp"

namespace polymux::conformance {
namespace {

std::vector<Subject>& all_subjects() {
  static std::vector<Subject> all;
  return all;
}

}  // namespace

void add_subject(Subject subject) {
  all_subjects().push_back(std::move(subject));
}

void add_available_backends() {
  for (const auto& status : available_backends()) {
    if (!status.is_available()) continue;
    const std::string name(status.name);
    add_subject({.name = name,
                 .open = [name] { return open_poller(name).poller; },
                 .backend = name,
                 .departures = known_departures(name)});
  }
}

const std::vector<Subject>& subjects() {
  return all_subjects();
}

}  // namespace polymux::conformance
