// Runs the rules of docs/contract.md against a poller that lacks every capability.

#include <polymux/conformance.hpp>

#include "tests/conformance/restricted_poller.hpp"

int main(int argc, char** argv) {
  polymux::conformance::add_subject(
      {.name = "restricted", .open = polymux::test::open_restricted_poller});
  return polymux::conformance::main(argc, argv);
}
