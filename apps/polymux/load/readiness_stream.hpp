#pragma once

#include "stream_client.hpp"

namespace load {

/// A stream that this program sends on and receives from when the poller finds it ready.
class ReadinessStream final : public StreamClient {
 public:
  using StreamClient::StreamClient;

 private:
  void on_ready(polymux::Ready ready) override;
  [[nodiscard]] std::error_code begin_to_carry() override {
    return set_interest(polymux::Interest::read);
  }
  void send_more() override;
  void let_go() noexcept override { close_socket(); }

  void receive();
};

}  // namespace load
