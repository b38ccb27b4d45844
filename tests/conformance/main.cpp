// Runs the rules of docs/contract.md against every backend of this system.

#include <gtest/gtest.h>

#include <iostream>

#include "tests/conformance/subject.hpp"

int main(int argc, char** argv) {
  polymux::test::add_available_backends();
  if (polymux::test::subjects().empty()) {
    std::cerr << "no backend can be used on this system\n";
    return 1;
  }
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
