#include "tests/conformance/registry.hpp"

namespace polymux::test {
namespace {

const Registry*& current() {
  static const Registry real;
  static const Registry* registry = &real;
  return registry;
}

}  // namespace

const Registry& registry() {
  return *current();
}

void replace_registry(const Registry& other) {
  current() = &other;
}

}  // namespace polymux::test
