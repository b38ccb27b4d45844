#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include <polymux/loop/timer.hpp>
#include <polymux/service/connection_manager.hpp>

#include "core/service/acceptor.hpp"
#include "core/service/descriptor_reserve.hpp"
#include "core/service/live_counters.hpp"
#include "platform/listener.hpp"
#include "platform/unique_fd.hpp"

namespace polymux {

/// Accepts the clients of any number of addresses in one loop, and rests where the system cannot.
class AcceptorGroup final : private AcceptorOwner {
 public:
  /// What to do with a client. Must not destroy the group.
  using OnClient = std::function<void(UniqueFd)>;

  /// \param table  Where to count, and who else accepts at the same addresses: while another
  /// process
  ///               among them has descriptors, those who have none leave the clients to it.
  AcceptorGroup(EventLoop& loop, CounterTable table, OnClient on_client);
  AcceptorGroup(const AcceptorGroup&) = delete;
  AcceptorGroup& operator=(const AcceptorGroup&) = delete;
  /// Stops listening.
  ~AcceptorGroup();

  /// As `ConnectionManager` has them.
  [[nodiscard]] ListenResult listen(std::string_view text);
  [[nodiscard]] ListenResult listen_on(int socket);

  /// Accepts at each of them; at none after an error.
  [[nodiscard]] ListenResult add(std::vector<Listener> listeners);

  /// A descriptor may have become free: whoever rests tries again.
  void wake() noexcept {
    note_room();
    if (retry_.is_active()) resume();
  }

  /// Takes in those who wait, and stops listening.
  void finish() noexcept;

  /// Stops listening; those who wait are turned away by the system.
  void close() noexcept;

 private:
  void note_room() noexcept {
    auto& is_out = counters().is_out_of_descriptors;
    if (is_out.load(std::memory_order_relaxed)) is_out.store(false);
  }
  void resume() noexcept;
  [[nodiscard]] LiveCounters& counters() noexcept { return table_.own_row(); }
  [[nodiscard]] bool has_other_with_room() const noexcept;

  void on_accepted(UniqueFd client) noexcept override {
    note_room();
    on_client_(std::move(client));
  }
  void on_refused() noexcept override { ++counters().refused_descriptors; }
  void on_accept_error() noexcept override { ++counters().accept_errors; }
  void on_exhausted() noexcept override;
  bool on_no_descriptor() noexcept override;

  EventLoop& loop_;
  CounterTable table_;
  OnClient on_client_;
  std::optional<DescriptorReserve> reserve_;
  std::vector<std::unique_ptr<Acceptor>> acceptors_;
  Timer retry_;
};

}  // namespace polymux
