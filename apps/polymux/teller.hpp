#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <polymux/models/server_model.hpp>

#include "console.hpp"
#include "operation/identity.hpp"
#include "operation/log.hpp"
#include "operation/peer_events.hpp"
#include "operation/service_manager.hpp"

/// Says on stdout where clients may come, the rest in the log, and what concerns a service manager
/// to that.
class Teller final : public polymux::ServerObserver {
 public:
  /// \param identity  Whom to become when the addresses are bound, if anybody.
  Teller(const polymux::ServerModel& model, const polymux::ServerOptions& options,
         operation::Log& log, const operation::ServiceManager& manager,
         std::optional<operation::Identity> identity)
      : model_(model),
        options_(options),
        log_(log),
        manager_(manager),
        identity_(std::move(identity)) {}

  /// Whether all could be said.
  [[nodiscard]] int exit_code() const noexcept { return exit_code_; }

 private:
  polymux::ServerOutcome on_bound() override;
  bool on_listening(const std::vector<std::string>& addresses, const std::string& backend) override;
  void on_counters(const polymux::ConnectionCounters& counters) override;
  void on_notice(std::string_view text) override { log_.write(operation::LogLevel::warning, text); }
  void on_watch(const polymux::ConnectionCounters& counters) override;
  void on_state(const polymux::ServerState& state) override;
  void on_reloading() override;
  void on_reloaded() override { tell("READY=1"); }
  void on_ending() override;
  void on_alive() override { manager_.tell_now_or_never("WATCHDOG=1"); }

  void tell(std::string_view message);
  [[nodiscard]] std::string describe(const polymux::ConnectionCounters& counters) const;

  const polymux::ServerModel& model_;
  const polymux::ServerOptions& options_;
  operation::Log& log_;
  const operation::ServiceManager& manager_;
  std::optional<operation::Identity> identity_;
  std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  std::vector<std::string> addresses_;
  std::string backend_;
  operation::PeerEvents events_;
  int exit_code_ = console::success;
};
