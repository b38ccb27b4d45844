#include "teller.hpp"

#include <chrono>
#include <cstdint>
#include <span>
#include <system_error>
#include <utility>

namespace {

using operation::LogLevel;
using polymux::ServerOutcome;

/// With three decimals.
std::string in_seconds(std::chrono::nanoseconds time) {
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
  const auto rest = std::to_string(milliseconds % 1000);
  return std::to_string(milliseconds / 1000) + "." + std::string(3 - rest.size(), '0') + rest;
}

using Figure = std::pair<const char*, std::uint64_t>;

std::string describe(std::span<const Figure> figures) {
  std::string line;
  for (const auto& [name, value] : figures) {
    line.append(line.empty() ? "" : " ").append(name).append("=").append(std::to_string(value));
  }
  return line;
}

std::string describe_datagrams(const polymux::ConnectionCounters& counters) {
  const Figure figures[] = {
      {"datagrams_in", counters.datagrams_in},
      {"datagrams_out", counters.datagrams_out},
      {"datagrams_dropped", counters.datagrams_dropped},
      {"bytes_in", counters.bytes_in},
      {"bytes_out", counters.bytes_out},
      {"backpressure", counters.backpressure},
  };
  return describe(figures);
}

std::string describe_connections(const polymux::ConnectionCounters& counters) {
  const Figure figures[] = {
      {"active", counters.active},
      {"accepted", counters.accepted},
      {"closed", counters.closed},
      {"refused_limit", counters.refused_limit},
      {"refused_descriptors", counters.refused_descriptors},
      {"accept_errors", counters.accept_errors},
      {"idle_timeouts", counters.idle_timeouts},
      {"resets", counters.resets},
      {"bytes_in", counters.bytes_in},
      {"bytes_out", counters.bytes_out},
      {"backpressure", counters.backpressure},
  };
  return describe(figures);
}

}  // namespace

ServerOutcome Teller::on_bound() {
  if (!identity_) return {};
  auto message = operation::become(*identity_);
  if (message.empty()) return {};
  return {.kind = ServerOutcome::Kind::failed, .message = std::move(message)};
}

bool Teller::on_listening(const std::vector<std::string>& addresses, const std::string& backend) {
  std::string lines;
  std::string status = "READY=1\nSTATUS=listening on";
  for (const auto& address : addresses) {
    lines.append("listening on ").append(address).append(" model=").append(model_.name);
    if (!backend.empty()) lines.append(" backend=").append(backend);
    lines += '\n';
    status.append(" ").append(address);
  }
  exit_code_ = console::print(lines);
  if (exit_code_ != console::success) return false;
  addresses_ = addresses;
  backend_ = backend;
  log_.write(LogLevel::info, std::string_view(status).substr(status.find("listening")));
  tell(status);
  return true;
}

void Teller::on_counters(const polymux::ConnectionCounters& counters) {
  log_.write_always(LogLevel::info, "stats " + describe(counters));
}

std::string Teller::describe(const polymux::ConnectionCounters& counters) const {
  return model_.takes_datagrams ? describe_datagrams(counters) : describe_connections(counters);
}

void Teller::on_watch(const polymux::ConnectionCounters& counters) {
  for (const auto& line : events_.look(counters)) log_.write(LogLevel::info, line);
}

void Teller::on_state(const polymux::ServerState& state) {
  const auto say = [this](const std::string& item) {
    log_.write_always(LogLevel::info, "state " + item);
  };
  const auto uptime = std::chrono::steady_clock::now() - started_;
  say("server model=" + std::string(model_.name) + (backend_.empty() ? "" : " backend=") +
      backend_ + " phase=" + (state.is_ending ? "ending" : "serving") +
      " uptime=" + in_seconds(uptime));
  for (const auto& address : addresses_) say("listening on " + address);
  const auto& limits = options_.connections;
  say("limits max_connections=" + std::to_string(limits.max_connections) + " idle_timeout=" +
      in_seconds(limits.idle_timeout) + " drain_timeout=" + in_seconds(limits.drain_timeout) +
      " max_buffer=" + std::to_string(limits.max_buffer));
  say("counters " + describe(state.counters));
  for (const auto& part : state.parts) say(part);
}

void Teller::on_ending() {
  log_.write(LogLevel::info, "ending");
  tell("STOPPING=1");
}

// The time is for a unit of Type=notify-reload, which takes an earlier READY=1 for no answer.
void Teller::on_reloading() {
  using std::chrono::microseconds;
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  tell("RELOADING=1\nMONOTONIC_USEC=" +
       std::to_string(std::chrono::duration_cast<microseconds>(now).count()));
}

void Teller::tell(std::string_view message) {
  if (const auto error = manager_.tell(message)) {
    log_.write(LogLevel::warning, "cannot tell the service manager: " + error.message());
  }
}
