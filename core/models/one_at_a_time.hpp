#pragma once

#include <cstddef>
#include <vector>

#include <polymux/models/server_model.hpp>

#include "core/models/blocking_server.hpp"
#include "core/models/reception.hpp"

namespace polymux {

/// A server that has one client at a time: the others wait in the system's queue, or at the end
/// here.
class OneAtATime {
 public:
  /// The others must outlive it. Throws `std::bad_alloc`.
  OneAtATime(Service& service, const ConnectionOptions& options, ServerCounters& counters,
             const Ending& ending, Reception& reception)
      : service_(service),
        options_(options),
        counters_(counters),
        reception_(reception),
        server_(options, ending) {}
  OneAtATime(const OneAtATime&) = delete;
  OneAtATime& operator=(const OneAtATime&) = delete;
  virtual ~OneAtATime() = default;

  /// Serves until the end.
  void run() noexcept;

  /// Serves these, which have entered, and no others.
  void run_with(std::vector<UniqueFd> clients) noexcept;

 protected:
  [[nodiscard]] Reception& reception() const noexcept { return reception_; }

 private:
  /// The server ends: what becomes of those who wait. They are taken in, and served one after
  /// another.
  virtual void on_drain() noexcept;
  /// So many clients are its own.
  virtual void on_clients([[maybe_unused]] std::size_t count) noexcept {}

  void serve_waiting() noexcept;
  void serve(UniqueFd client) noexcept;

  Service& service_;
  const ConnectionOptions& options_;
  ServerCounters& counters_;
  Reception& reception_;
  BlockingServer server_;
  /// Of those who waited at the end, the last one first.
  std::vector<UniqueFd> waiting_;
};

}  // namespace polymux
