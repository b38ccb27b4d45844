#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include <polymux/polymux.hpp>

#include "commands.hpp"
#include "console.hpp"

namespace {

using nlohmann::ordered_json;
using polymux::BackendStatus;
using polymux::Capabilities;

struct Feature {
  const char* name;
  bool Capabilities::*has;
};

constexpr Feature features[] = {
    {"edge", &Capabilities::edge},
    {"priority", &Capabilities::priority},
    {"read_closed", &Capabilities::read_closed},
    {"hangup", &Capabilities::hangup},
    {"error", &Capabilities::error},
    {"pollable_handle", &Capabilities::pollable_handle},
};

ordered_json to_json(const Capabilities& can) {
  ordered_json json;
  for (const auto& [name, has] : features) json[name] = can.*has;
  json["timeout_step_ns"] = can.timeout_step.count();
  json["greatest_fd"] = can.greatest_fd ? ordered_json(*can.greatest_fd) : ordered_json(nullptr);
  json["wait_cost"] = to_string(can.wait_cost);
  return json;
}

ordered_json to_json(const BackendStatus& backend) {
  ordered_json json;
  json["name"] = backend.name;
  json["available"] = backend.is_available();
  json["default"] = backend.is_default;
  json["by_name_only"] = backend.is_by_name_only;
  json["summary"] = backend.summary;
  json["reason"] = backend.reason;
  const bool is_there = backend.is_available();
  json["capabilities"] = is_there ? to_json(backend.capabilities) : ordered_json(nullptr);
  return json;
}

std::string as_json(const std::vector<BackendStatus>& backends, const std::string& chosen) {
  ordered_json json;
  json["chosen"] = chosen.empty() ? ordered_json(nullptr) : ordered_json(chosen);
  json["backends"] = ordered_json::array();
  for (const auto& backend : backends) json["backends"].push_back(to_json(backend));
  return json.dump(2) + "\n";
}

std::string describe_step(std::chrono::nanoseconds step) {
  using namespace std::chrono_literals;
  if (step % 1ms == 0ns) return std::to_string(step / 1ms) + " ms";
  if (step % 1us == 0ns) return std::to_string(step / 1us) + " us";
  return std::to_string(step.count()) + " ns";
}

std::string describe(const Capabilities& can) {
  std::string text = "level, oneshot";
  for (const auto& [name, has] : features) {
    if (can.*has) text.append(", ").append(name);
  }
  text += "; time-outs in steps of " + describe_step(can.timeout_step);
  if (can.greatest_fd) text += "; descriptors up to " + std::to_string(*can.greatest_fd);
  return text.append("; cost of a wait: ").append(to_string(can.wait_cost));
}

std::string padded(std::string_view text, std::size_t width) {
  std::string column(text);
  column.resize(std::max(width, column.size()), ' ');
  return column;
}

const char* note_on(const BackendStatus& backend, std::string_view chosen) {
  if (backend.name == chosen) return " (chosen)";
  return backend.is_by_name_only ? " (only by name)" : "";
}

std::string as_text(const std::vector<BackendStatus>& backends, const std::string& chosen) {
  std::size_t width = 0;
  for (const auto& backend : backends) width = std::max(width, backend.name.size());
  std::string text;
  for (const auto& backend : backends) {
    const std::string indent(width + 2, ' ');
    text += padded(backend.name, width) + "  ";
    if (!backend.is_available()) {
      text += "not available: " + backend.reason + "\n";
      continue;
    }
    text.append(backend.summary).append(note_on(backend, chosen)) += "\n";
    text += indent + describe(backend.capabilities) + "\n";
  }
  return text;
}

int show_backends(bool wants_json) {
  const auto backends = polymux::available_backends();
  // The very function that a program calls, environment included.
  const auto opened = polymux::open_poller();
  const auto chosen = opened ? opened.backend : std::string();
  const int printed =
      console::print(wants_json ? as_json(backends, chosen) : as_text(backends, chosen));
  if (opened || printed != console::success) return printed;
  console::complain(opened.message);
  return opened.error == polymux::Errc::unknown_backend ? console::wrong_usage : console::failure;
}

}  // namespace

void add_backends_command(CLI::App& app, Command& chosen) {
  auto* const command = app.add_subcommand(
      "backends", "List the multiplexers: what this system has, what each can do, which is chosen");
  auto* const json = command->add_flag("--json")->description("Print JSON; its form is stable");
  command->callback(
      [&chosen, json] { chosen = [json] { return show_backends(json->count() != 0); }; });
}
