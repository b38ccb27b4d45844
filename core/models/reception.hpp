#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <polymux/models/server_model.hpp>
#include <polymux/service/connection_manager.hpp>

#include "core/models/ending.hpp"
#include "core/models/server_counters.hpp"
#include "core/service/descriptor_reserve.hpp"
#include "platform/listener.hpp"
#include "platform/unique_fd.hpp"
#include "platform/wait_set.hpp"

namespace polymux {

/// Where a server without a loop receives its clients: accepts them by blocking, one at a time, and
/// turns away those who are beyond a limit.
///
/// \par Threads  One at a time. Several processes may have one each of the same sockets.
class Reception {
 public:
  using Clock = std::chrono::steady_clock;

  /// \param most  Clients at a time; zero is no limit.
  Reception(std::size_t most, ServerCounters& counters, const Ending& ending) noexcept
      : most_(most), counters_(counters), ending_(ending) {}

  /// Binds every address before any client comes; once. Throws `std::bad_alloc`.
  /// \param bound  What is listened on is added.
  [[nodiscard]] ListenResult listen(const std::vector<std::string>& addresses,
                                    std::vector<std::string>& bound);

  enum class Arrival : std::uint8_t { client, drain, stop };

  /// Waits for a client, or the end. A client has entered (`ServerCounters`) and has to leave.
  [[nodiscard]] Arrival next(UniqueFd& client) noexcept;

  /// As `next`, but takes one that waits at this moment, and blocks for none. False if none does.
  [[nodiscard]] bool look_for(UniqueFd& client) noexcept;

  /// In the end, calls `take` with each client that waits at this moment, as far as the system's
  /// queue is long, and closes: from then on a new one finds no server. A second time does nothing.
  template <class Function>
  void take_last(Function take) {
    remove_files();
    UniqueFd client;
    for (auto& listener : listeners_) {
      for (int count = 0; count < longest_queue; ++count) {
        const auto attempt = accept_from(listener, client);
        if (attempt == Attempt::none) break;
        if (attempt == Attempt::client) take(std::move(client));
      }
    }
    close();
  }

  /// Listens no more.
  void close() noexcept { listeners_.clear(); }

  /// In a child that does not accept: as `close`, but what belongs to all of them stays.
  void forget() noexcept;

 private:
  /// As many as Linux lets wait (SOMAXCONN, listen(2)), and an end to it if they come faster.
  static constexpr int longest_queue = 4096;

  void remove_files() noexcept;
  [[nodiscard]] Arrival look() noexcept;
  void await_listeners(bool is_resting) noexcept;
  /// One client; whoever is not admitted is closed.
  enum class Attempt : std::uint8_t { client, turned_away, none };
  [[nodiscard]] Attempt accept_from(Listener& listener, UniqueFd& client) noexcept;
  [[nodiscard]] bool admit(const UniqueFd& client) noexcept;
  void refuse_some(Listener& listener) noexcept;
  void rest() noexcept;

  std::size_t most_;
  ServerCounters& counters_;
  const Ending& ending_;
  std::vector<Listener> listeners_;
  DescriptorReserve reserve_;
  /// The listeners, then the two of the ending.
  WaitSet waited_{0};
  /// Where to look first, lest one address starves the others.
  std::size_t turn_ = 0;
  /// The system cannot accept, and is not asked before.
  Clock::time_point rest_until_ = Clock::time_point::min();
};

}  // namespace polymux
