#pragma once

#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include "tests/unit/socket_fixture.hpp"

namespace polymux {

/// A pair whose near end is registered, and gets single bytes from the far end.
struct BytePair : SocketPair {
  void send() const { EXPECT_EQ(::write(far.get(), "x", 1), 1); }
  void receive() const {
    char byte = 0;
    EXPECT_EQ(::read(near.get(), &byte, 1), 1);
  }
  /// True if nobody holds the near end any more, at once.
  [[nodiscard]] bool has_hung_up() const {
    pollfd entry{.fd = far.get(), .events = POLLIN, .revents = 0};
    return ::poll(&entry, 1, 0) == 1 && (entry.revents & POLLHUP) != 0;
  }
};

}  // namespace polymux
