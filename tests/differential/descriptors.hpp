#pragma once

#include <array>
#include <cstddef>
#include <optional>

#include "tests/differential/operation.hpp"
#include "tests/support/descriptors.hpp"

namespace polymux::differential {

/// The system calls beneath the steps. Each says what the kernel made of it, in bytes; a failure
/// that is part of the game (a peer that is gone, a full buffer) is a count of zero.
class Descriptors {
 public:
  struct Ends {
    test::Fd near;
    test::Fd far;
  };
  [[nodiscard]] static Ends open(int channel, Kind kind);
  [[nodiscard]] static test::Fd open_reader(int channel);
  [[nodiscard]] static test::Fd open_writer(int channel);
  /// A client of `listener`, whose connection may still be under way.
  [[nodiscard]] static test::Fd connect(int listener);
  [[nodiscard]] static test::Fd accept(int listener);

  static std::size_t write(int fd, std::size_t bytes);
  static std::size_t fill(int fd, Kind kind);
  /// Datagrams count one each.
  static std::size_t read(int fd, std::size_t bytes, Kind kind);
  /// Reads `expected` bytes or datagrams, and waits for them; less if the connection is over.
  static std::size_t drain(int fd, std::size_t expected, Kind kind);
  [[nodiscard]] static bool half_close(int fd);
  [[nodiscard]] static bool send_urgent(int fd);
  [[nodiscard]] static bool take_urgent(int fd);
  /// The connection ends by a reset when it is closed.
  static void reset_on_close(int fd);
  /// True if the number is open, whoever opened it.
  [[nodiscard]] static bool is_open(int fd);
};

}  // namespace polymux::differential
