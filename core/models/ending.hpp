#pragma once

#include <system_error>

#include "platform/latch.hpp"

namespace polymux {

/// What tells every thread and process of a server that it ends. Whoever blocks waits for these
/// beside his socket, so that nothing has to be interrupted.
struct Ending {
  /// Clients are let go once they are silent and have taken all of their answers.
  Latch drain;
  /// Everything is closed at once.
  Latch stop;

  [[nodiscard]] std::error_code open() noexcept {
    const auto error = drain.open();
    return error ? error : stop.open();
  }

  /// In a child: see `Latch::become_waiter`.
  void become_waiter() noexcept {
    drain.become_waiter();
    stop.become_waiter();
  }
};

}  // namespace polymux
