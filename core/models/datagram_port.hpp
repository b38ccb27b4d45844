#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <system_error>
#include <vector>

#include <polymux/loop/event_loop.hpp>
#include <polymux/loop/timer.hpp>
#include <polymux/loop/watcher.hpp>
#include <polymux/service/connection_options.hpp>
#include <polymux/service/service.hpp>

#include "platform/datagrams.hpp"

namespace polymux {

/// What the ports of one server share.
struct DatagramWork {
  Service& service;
  ConnectionCounters counters{};
  /// A port has answered all that waited when `drain` was called, and watches no more. May not
  /// destroy it.
  std::function<void()> on_drained{};
};

/// Answers the datagrams of one address, each with one.
///
/// Many are received by one call, answered where they lie, and sent by another. While the socket
/// does not take answers nothing is received: they stay where they are, nothing is copied and
/// nothing grows. What then comes waits in the socket, and what does not fit there is lost, as
/// datagrams may be.
class DatagramPort final : public Watcher {
 public:
  /// \param longest  What is longer is not answered.
  DatagramPort(EventLoop& loop, DatagramWork& work, DatagramSocket socket, std::size_t longest);
  ~DatagramPort() override;

  [[nodiscard]] std::error_code open() noexcept;

  /// Answers what waits in the socket, then ends.
  void drain() noexcept;

  /// Lets what waits be lost.
  void close() noexcept;

  [[nodiscard]] bool is_done() const noexcept { return is_done_; }
  [[nodiscard]] const std::string& address() const noexcept { return socket_.address; }

 private:
  void on_ready(Ready ready) override;
  void serve() noexcept;
  /// True if more may wait, and nothing hinders.
  [[nodiscard]] bool serve_batch() noexcept;
  void answer(std::size_t count) noexcept;
  [[nodiscard]] bool make_answer(Datagram& datagram) noexcept;
  [[nodiscard]] bool has_pending() const noexcept { return next_ != end_; }
  /// False if the socket takes no more at present.
  [[nodiscard]] bool flush() noexcept;
  void wait_for(Interest interest) noexcept;
  /// Where the socket fails again and again: lest it spins, it is tried again after a while.
  void rest() noexcept;
  void finish() noexcept;

  DatagramWork& work_;
  DatagramSocket socket_;
  std::unique_ptr<char[]> memory_;
  std::vector<Datagram> slots_;
  /// The answers that are to be sent: those of [next_, end_).
  std::size_t next_ = 0;
  std::size_t end_ = 0;
  Timer retry_;
  bool is_draining_ = false;
  bool is_done_ = false;
};

}  // namespace polymux
