#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <polymux/loop/event_loop.hpp>
#include <polymux/models/server_model.hpp>

#include "core/models/loop_thread.hpp"
#include "core/service/acceptor_group.hpp"
#include "core/service/live_counters.hpp"

namespace polymux {

/// How clients come to one of several loops.
enum class Balance : std::uint8_t {
  /// An acceptor gives each to the loop that has the fewest.
  least,
  /// An acceptor gives each to the next one.
  round_robin,
  /// Each loop accepts by itself, and the system chooses.
  reuseport,
};

/// Loops in threads of their own, and one that accepts for them: what `LoopServer` runs as its
/// manager.
class LoopTeam {
 public:
  /// \param loop  The one that accepts.
  LoopTeam(EventLoop& loop, Service& service, const ServerOptions& options, std::size_t threads,
           Balance balance);

  /// Starts the threads.
  [[nodiscard]] ServerOutcome start();

  /// As `ConnectionManager` has them.
  [[nodiscard]] ListenResult listen(std::string_view address);
  void drain(std::function<void()> when_gone);
  void close_all();
  [[nodiscard]] ConnectionCounters counters() const noexcept { return sum_of(table_); }

  /// A line for each thread.
  [[nodiscard]] std::vector<std::string> describe_parts() const;

  /// Of the loops in threads.
  void add_measures_to(LoopTotals& totals) const noexcept;

  /// Why the loop was stopped, if it was for a thread that failed.
  [[nodiscard]] ServerOutcome outcome() const;

 private:
  void on_client(UniqueFd client) noexcept;
  [[nodiscard]] LoopThread& next_thread() noexcept;
  [[nodiscard]] ListenResult listen_balanced(std::string_view text);
  void on_gone();

  EventLoop& loop_;
  Balance balance_;
  /// One for each thread, and at last that of the acceptor.
  std::vector<LiveCounters> table_;
  AcceptorGroup acceptors_;
  std::function<void()> when_gone_;
  std::size_t draining_ = 0;
  std::size_t next_ = 0;
  /// Gone first, for they post to the loop.
  std::vector<std::unique_ptr<LoopThread>> threads_;
};

}  // namespace polymux
