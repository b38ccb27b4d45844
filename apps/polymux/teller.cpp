#include "teller.hpp"

#include <chrono>
#include <cstdint>
#include <span>
#include <system_error>
#include <utility>

namespace {

using polymux::ServerOutcome;

using Figure = std::pair<const char*, std::uint64_t>;

std::string describe(std::span<const Figure> figures) {
  std::string line = "stats";
  for (const auto& [name, value] : figures) {
    line.append(" ").append(name).append("=").append(std::to_string(value));
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
  tell(status);
  return true;
}

void Teller::on_counters(const polymux::ConnectionCounters& counters) {
  console::complain(model_.takes_datagrams ? describe_datagrams(counters)
                                           : describe_connections(counters));
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
    console::complain("cannot tell the service manager: " + error.message());
  }
}
