#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <polymux/models/server_model.hpp>

#include "console.hpp"
#include "operation/identity.hpp"
#include "operation/service_manager.hpp"

/// Says on stdout where clients may come, the rest on stderr, and what concerns a service manager
/// to that.
class Teller final : public polymux::ServerObserver {
 public:
  /// \param identity  Whom to become when the addresses are bound, if anybody.
  Teller(const polymux::ServerModel& model, const operation::ServiceManager& manager,
         std::optional<operation::Identity> identity)
      : model_(model), manager_(manager), identity_(std::move(identity)) {}

  /// Whether all could be said.
  [[nodiscard]] int exit_code() const noexcept { return exit_code_; }

 private:
  polymux::ServerOutcome on_bound() override;
  bool on_listening(const std::vector<std::string>& addresses, const std::string& backend) override;
  void on_counters(const polymux::ConnectionCounters& counters) override;
  void on_notice(std::string_view text) override { console::complain(text); }
  void on_reloading() override;
  void on_reloaded() override { tell("READY=1"); }
  void on_ending() override { tell("STOPPING=1"); }
  void on_alive() override { manager_.tell_now_or_never("WATCHDOG=1"); }

  void tell(std::string_view message);

  const polymux::ServerModel& model_;
  const operation::ServiceManager& manager_;
  std::optional<operation::Identity> identity_;
  int exit_code_ = console::success;
};
