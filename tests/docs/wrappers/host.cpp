#include <poll.h>

#include <cerrno>
#include <chrono>

#include <polymux/polymux.hpp>

using namespace std::chrono_literals;

bool has_quit();
int block();

int block() {
  // The block.
  return 0;
}
