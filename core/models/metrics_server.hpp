#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <polymux/loop/event_loop.hpp>
#include <polymux/service/connection_manager.hpp>

#include "core/models/metrics_text.hpp"
#include "core/service/acceptor_group.hpp"
#include "core/service/live_counters.hpp"
#include "platform/listener.hpp"
#include "platform/unique_fd.hpp"
#include "platform/unix_socket_file.hpp"

namespace polymux {

/// Answers GET /metrics, by HTTP/1, in a loop that has other things to do: a client costs at most
/// `longest_metrics_request` bytes and an answer, has five seconds, and there are 16 at a time. One
/// request a connection.
///
/// \par Threads  The loop's own.
class MetricsServer {
 public:
  /// What to tell, at this moment.
  using Source = std::function<Metrics()>;

  MetricsServer(EventLoop& loop, Source source);
  MetricsServer(const MetricsServer&) = delete;
  MetricsServer& operator=(const MetricsServer&) = delete;
  /// Closes all at once.
  ~MetricsServer();

  /// As `ConnectionManager::listen`.
  [[nodiscard]] ListenResult listen(std::string_view address);

  /// Answers at sockets that were opened before.
  [[nodiscard]] ListenResult add(std::vector<Listener> listeners);

  /// In a child: leaves the files of Unix-domain sockets to the parent.
  void become_child() noexcept;

  static constexpr std::size_t most_clients = 16;

 private:
  class Client;

  void take_in(UniqueFd socket) noexcept;
  void close(Client& client) noexcept;

  EventLoop& loop_;
  Source source_;
  /// Of those who ask, which nobody reads.
  LiveCounters counters_;
  std::vector<UnixSocketFile> files_;
  AcceptorGroup acceptors_;
  std::vector<std::unique_ptr<Client>> clients_;
};

/// Where to ask, as people write it: `http://127.0.0.1:9100/metrics`.
[[nodiscard]] std::string metrics_url(const std::string& address);

}  // namespace polymux
