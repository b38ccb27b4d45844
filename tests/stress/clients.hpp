#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "tests/support/descriptors.hpp"

namespace polymux::test {

/// Blocks SIGALRM in the calling thread while it lives, so that a storm of them strikes the others.
class AlarmsBlocked {
 public:
  AlarmsBlocked();
  AlarmsBlocked(const AlarmsBlocked&) = delete;
  AlarmsBlocked& operator=(const AlarmsBlocked&) = delete;
  ~AlarmsBlocked();
};

/// A client of a toupper service on the loopback device, with blocking calls that give up in time.
class Client {
 public:
  /// \param address  As `ListenResult::addresses` has it.
  explicit Client(const std::string& address);

  [[nodiscard]] bool is_connected() const noexcept { return static_cast<bool>(socket_); }

  /// True if what is sent comes back in upper case, byte for byte. `seed` decides what it is.
  [[nodiscard]] bool round_trip(std::size_t count, std::uint32_t seed);
  /// True if the server has nothing more to say and closes when it is told that no more will come.
  [[nodiscard]] bool finish();
  void reset() { reset_connection(socket_); }

 private:
  [[nodiscard]] bool send_all(const std::string& bytes);
  [[nodiscard]] std::string receive(std::size_t count);

  Fd socket_;
};

/// What a connection of a crowd does, by `seed`: talks and leaves, leaves without a word, or breaks
/// off in the middle. False if an answer was wrong.
[[nodiscard]] bool visit(const std::string& address, std::uint32_t seed);

}  // namespace polymux::test
