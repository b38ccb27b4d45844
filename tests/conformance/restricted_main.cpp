// Runs the rules of docs/contract.md against a poller that lacks every capability.

#include <gtest/gtest.h>

#include "tests/conformance/restricted_poller.hpp"
#include "tests/conformance/subject.hpp"

int main(int argc, char** argv) {
  polymux::test::add_subject({.name = "restricted", .open = polymux::test::open_restricted_poller});
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
