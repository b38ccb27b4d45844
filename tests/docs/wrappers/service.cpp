#include <chrono>
#include <iostream>

#include <polymux/polymux.hpp>

void block(polymux::EventLoop& loop, polymux::Service& service);

void block(polymux::EventLoop& loop, polymux::Service& service) {
  // The block.
}
