// Runs every rule of the contract against a poller of one's own.
#include <memory>

#include <polymux/conformance.hpp>
#include <polymux/polymux.hpp>

#include "counting_poller.hpp"

int main(int argc, char** argv) {
  polymux::conformance::add_subject(
      {.name = "counting",
       .open = [] { return std::make_unique<CountingPoller>(polymux::open_poller().poller); }});
  return polymux::conformance::main(argc, argv);
}
