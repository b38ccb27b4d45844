// Runs the rules of docs/contract.md against every backend of this system.

#include <polymux/conformance.hpp>

int main(int argc, char** argv) {
  polymux::conformance::add_available_backends();
  return polymux::conformance::main(argc, argv);
}
