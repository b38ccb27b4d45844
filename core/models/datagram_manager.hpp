#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include <polymux/loop/event_loop.hpp>
#include <polymux/loop/timer.hpp>
#include <polymux/service/connection_manager.hpp>
#include <polymux/service/connection_options.hpp>
#include <polymux/service/service.hpp>

#include "core/models/datagram_port.hpp"

namespace polymux {

/// Serves a `Service` to whoever sends datagrams to any number of addresses, in one loop. There are
/// no connections: `max_connections` and `idle_timeout` mean nothing to it, and `max_buffer` is the
/// longest datagram that is answered.
class DatagramManager {
 public:
  using Callback = std::function<void()>;

  static constexpr bool takes_datagrams = true;

  DatagramManager(EventLoop& loop, Service& service, const ConnectionOptions& options);
  DatagramManager(const DatagramManager&) = delete;
  DatagramManager& operator=(const DatagramManager&) = delete;
  ~DatagramManager() = default;

  /// As `ConnectionManager::listen`, but for Unix-domain sockets, which are
  /// `Errc::invalid_argument`.
  [[nodiscard]] ListenResult listen(std::string_view text);

  /// Answers what waits in the sockets, then closes them; those that do not come to an end within
  /// `drain_timeout`, by then.
  void drain(Callback when_gone);

  void close_all() noexcept;

  [[nodiscard]] const ConnectionCounters& counters() const noexcept { return work_.counters; }

 private:
  [[nodiscard]] ListenResult listen_on_inherited(std::string_view text);
  void note_drained() noexcept;
  void finish_drain();

  EventLoop& loop_;
  ConnectionOptions options_;
  DatagramWork work_;
  std::vector<std::unique_ptr<DatagramPort>> ports_;
  Timer end_of_drain_;
  Callback when_gone_;
};

}  // namespace polymux
