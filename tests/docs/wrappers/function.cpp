#include <iostream>

#include <polymux/polymux.hpp>

void block();

void block() {
  // The block.
}
