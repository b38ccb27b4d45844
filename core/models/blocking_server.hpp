#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <system_error>

#include "core/models/client_session.hpp"
#include "core/models/ending.hpp"
#include "platform/wait_set.hpp"

namespace polymux {

/// The memory that serves one client at a time.
class ReadRoom {
 public:
  /// Never more than may be kept for a client. Throws `std::bad_alloc`.
  explicit ReadRoom(const ConnectionOptions& options);

  [[nodiscard]] std::span<char> get() const noexcept { return {bytes_.get(), size_}; }

 private:
  std::size_t size_;
  /// As it comes, so that only what is used of it costs memory.
  std::unique_ptr<char[]> bytes_;
};

/// What a thread or process has that serves clients by blocking.
class BlockingServer {
 public:
  /// Throws `std::bad_alloc`.
  BlockingServer(const ConnectionOptions& options, const Ending& ending)
      : ending_(ending), room_(options), waited_(3) {}

  /// Serves one client until it has gone, is idle for too long, or the server ends.
  ///
  /// \param on_drain  Called when it is first seen that the server ends.
  template <class Function>
  void serve(ClientSession& session, Function on_drain) noexcept {
    waited_.await(drain, ending_.drain.fd(), Interest::read);
    waited_.await(stop, ending_.stop.fd(), Interest::read);
    while (step(session) != ClientSession::Outcome::over) {
      if (!waited_.is_ready(drain)) continue;
      // It stays ready.
      waited_.ignore(drain);
      session.begin_drain();
      on_drain();
    }
  }

  void serve(ClientSession& session) noexcept {
    serve(session, [] {});
  }

 private:
  /// Places in the set.
  static constexpr std::size_t socket = 0;
  static constexpr std::size_t drain = 1;
  static constexpr std::size_t stop = 2;

  /// Waits, and does what can be done then.
  [[nodiscard]] ClientSession::Outcome step(ClientSession& session) noexcept;

  const Ending& ending_;
  ReadRoom room_;
  WaitSet waited_;
};

}  // namespace polymux
