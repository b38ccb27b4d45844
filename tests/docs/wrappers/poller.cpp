#include <array>
#include <chrono>
#include <iostream>

#include <polymux/polymux.hpp>

void block(polymux::Poller& poller, int fd);

void block(polymux::Poller& poller, int fd) {
  // The block.
}
