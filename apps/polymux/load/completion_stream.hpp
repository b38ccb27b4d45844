#pragma once

#include <memory>

#include "completion_loop.hpp"
#include "stream_client.hpp"

namespace load {

/// A stream that the kernel sends on and receives from by itself; only its connecting is waited for
/// by the poller.
class CompletionStream final : public StreamClient, private CompletionLoop::Owner {
 public:
  using StreamClient::StreamClient;
  ~CompletionStream() override { let_go(); }

 private:
  void on_ready(polymux::Ready /*ready*/) override { finish_connecting(); }
  [[nodiscard]] std::error_code begin_to_carry() override;
  void send_more() override;
  void let_go() noexcept override;

  void on_received(std::span<const char> bytes, Instant now) override { take(bytes, now); }
  void on_sent(std::size_t count) override;
  void on_end() override { end_by_server(); }
  void on_failure(const std::error_code& error) override { fail_by_system(error); }

  std::unique_ptr<CompletionLoop::Link> link_;
  /// Bytes that the kernel is sending.
  std::size_t in_flight_ = 0;
};

}  // namespace load
