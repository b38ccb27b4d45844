#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <polymux/polymux.hpp>

#include "commands.hpp"
#include "config_option.hpp"
#include "console.hpp"
#include "number_options.hpp"
#include "operation/identity.hpp"
#include "operation/log.hpp"
#include "operation/service_manager.hpp"
#include "operation/socket_activation.hpp"
#include "operation/unix_mode.hpp"
#include "teller.hpp"

namespace {

using polymux::ServerModel;
using polymux::ServerOptions;
using polymux::Workers;

struct Choice {
  std::string model{"reactor"};
  ServerOptions options;
  std::uint64_t threads = 0;
  std::uint64_t processes = 0;
  /// What was chosen of the ways of each model that has some, by the option's name.
  std::map<std::string, std::string> variants;
  std::string config;
  operation::LogLevel log_level = operation::LogLevel::warning;
  operation::LogFormat log_format = operation::LogFormat::text;
  std::string user;
  std::string group;
  /// Of the file of a Unix-domain socket; otherwise as the umask has it.
  std::optional<unsigned> unix_mode;
};

std::string names_of(bool (*is_meant)(const ServerModel&)) {
  std::string names;
  for (const auto* model : polymux::server_models()) {
    if (!is_meant(*model)) continue;
    names.append(names.empty() ? "" : ", ").append(model->name);
  }
  return names.empty() ? "none" : names;
}

/// What of the command line the model has no use for; empty if it has for all. Nothing is ignored.
std::string find_misfit(const ServerModel& model, const CLI::App& command) {
  const auto misfit = [&](const std::string& option, const std::string& others) {
    return option + " is not for the model '" + std::string(model.name) + "', but for: " + others;
  };
  const auto was_given = [&](const std::string& option) { return command.count(option) != 0; };
  if (was_given("--backend") && !model.takes_backend) {
    return misfit("--backend", names_of([](const auto& one) { return one.takes_backend; }));
  }
  if (was_given("--threads") && model.workers != Workers::threads) {
    return misfit("--threads",
                  names_of([](const auto& one) { return one.workers == Workers::threads; }));
  }
  if (was_given("--processes") && model.workers != Workers::processes) {
    return misfit("--processes",
                  names_of([](const auto& one) { return one.workers == Workers::processes; }));
  }
  for (const auto* other : polymux::server_models()) {
    if (other->variant_option.empty() || other->variant_option == model.variant_option) continue;
    const auto option = "--" + std::string(other->variant_option);
    if (was_given(option)) return misfit(option, std::string(other->name));
  }
  for (const auto refused : model.refused_options) {
    const std::string option(refused);
    if (was_given(option)) {
      return option + " cannot be kept by the model '" + std::string(model.name) +
             "'; docs/models.md says why";
    }
  }
  return {};
}

int refuse(const std::string& message) {
  console::complain(message);
  return console::wrong_usage;
}

/// Where to listen: as the options say, and at the sockets that were passed. Returns what is wrong;
/// empty if nothing is.
std::string complete_addresses(ServerOptions& options) {
  auto& addresses = options.addresses;
  const auto passed = operation::take_passed_sockets();
  if (!passed.message.empty()) return passed.message;
  for (const auto& socket : passed.all) {
    const bool is_for_metrics = socket.name == "metrics" && options.metrics.empty();
    (is_for_metrics ? options.metrics : addresses.emplace_back()) =
        "fd:" + std::to_string(socket.fd);
  }
  if (addresses.empty()) addresses = ServerOptions{}.addresses;
  auto all = addresses;
  if (!options.metrics.empty()) all.push_back(options.metrics);
  return operation::check_inherited(all);
}

/// Finds out who wants to know how we are, and how often. Returns as the above.
std::string meet_manager(operation::ServiceManager& manager, ServerOptions& options) {
  const operation::ManagerVariables variables{.notify_socket = std::getenv("NOTIFY_SOCKET"),
                                              .watchdog_usec = std::getenv("WATCHDOG_USEC"),
                                              .watchdog_pid = std::getenv("WATCHDOG_PID")};
  if (auto message = manager.open(variables.notify_socket); !message.empty()) return message;
  auto watchdog = operation::read_watchdog(variables, ::getpid());
  // Half of it, as sd_watchdog_enabled(3) has it.
  if (manager.is_there()) options.alive_interval = watchdog.limit / 2;
  return std::move(watchdog.message);
}

int serve(const Choice& choice) {
  const auto& model = *polymux::find_server_model(choice.model);
  auto options = choice.options;
  options.workers = static_cast<std::uint32_t>(std::max(choice.threads, choice.processes));
  const auto found = choice.variants.find(std::string(model.variant_option));
  if (found != choice.variants.end()) options.variant = found->second;
  // While no descriptor is ours: none of those that were passed can be mistaken for one.
  if (const auto wrong = complete_addresses(options); !wrong.empty()) {
    return refuse(wrong);
  }
  operation::ServiceManager manager;
  if (const auto wrong = meet_manager(manager, options); !wrong.empty()) return refuse(wrong);
  std::optional<operation::Identity> identity;
  if (!choice.user.empty()) {
    const auto wrong = operation::find_identity(choice.user, choice.group, identity.emplace());
    if (!wrong.empty()) return refuse(wrong);
  }
  if (choice.unix_mode) operation::make_files_with(*choice.unix_mode);
  operation::Log log(choice.log_level, choice.log_format);
  if (log.has(operation::LogLevel::info)) options.watch_interval = std::chrono::seconds(1);
  polymux::ToupperService service;
  Teller teller(model, options, log, manager, std::move(identity));
  const auto outcome = model.serve(service, options, teller);
  using Kind = polymux::ServerOutcome::Kind;
  if (outcome.kind == Kind::ended) return teller.exit_code();
  log.write(operation::LogLevel::error, outcome.message);
  return outcome.kind == Kind::wrong_usage ? console::wrong_usage : console::failure;
}

void add_mode(CLI::App& command, const std::string& name, std::optional<unsigned>& mode,
              const std::string& description) {
  const auto read = [&mode, name](const std::string& text) {
    mode = operation::parse_mode(text);
    if (mode) return;
    throw CLI::ValidationError(
        name, "'" + text + "' is not three or four octal digits from 000 to 0777, as 0660");
  };
  command.add_option_function<std::string>(name, read, description)->type_name("OCTAL");
}

void add_log_options(CLI::App& command, Choice& choice) {
  using operation::Log;
  using operation::LogFormat;
  using operation::LogLevel;
  static const std::map<std::string, LogLevel> levels{
      {"error", LogLevel::error}, {"warning", LogLevel::warning}, {"info", LogLevel::info}};
  const auto set_level = [&choice](const std::string& name) { choice.log_level = levels.at(name); };
  command
      .add_option_function<std::string>(
          "--log-level", set_level,
          "The least that is logged on stderr; with info also what peers do")
      ->check(CLI::IsMember({"error", "warning", "info"}))
      ->type_name("LEVEL")
      ->default_str("warning");
  const auto set_format = [&choice](const std::string& name) {
    choice.log_format = name == "json" ? LogFormat::json : LogFormat::text;
    const auto why = Log::why_not(choice.log_format);
    if (!why.empty()) throw CLI::ValidationError("--log-format", why);
  };
  command.add_option_function<std::string>("--log-format", set_format, "How it is logged")
      ->check(CLI::IsMember({"text", "json"}))
      ->type_name("FORMAT")
      ->default_str("text");
}

void add_model_options(CLI::App& command, Choice& choice) {
  std::vector<std::string> names;
  for (const auto* model : polymux::server_models()) names.emplace_back(model->name);
  command
      .add_option("--model", choice.model,
                  "How the server is built, see 'polymux models' and docs/models.md")
      ->check(CLI::IsMember(names))
      ->type_name("MODEL")
      ->capture_default_str();
  constexpr std::uint64_t most_workers = 1024;
  add_whole_number(command, "--threads", choice.threads, 1, most_workers,
                   "Threads, of a model that has a number of them; otherwise one a processor")
      ->type_name("N");
  add_whole_number(command, "--processes", choice.processes, 1, most_workers,
                   "Processes, of a model that has a number of them; otherwise one a processor")
      ->type_name("N");
  for (const auto* model : polymux::server_models()) {
    if (model->variant_option.empty()) continue;
    const std::vector<std::string> variants(model->variants.begin(), model->variants.end());
    const std::string option(model->variant_option);
    command
        .add_option(
            "--" + option, choice.variants[option],
            "How the model " + std::string(model->name) + " does it; otherwise " + variants.front())
        ->check(CLI::IsMember(variants))
        ->type_name("WAY");
  }
}

void add_options(CLI::App& command, Choice& choice) {
  auto& options = choice.options;
  command
      .add_option("--config", choice.config,
                  "File of options, in TOML: idle-timeout = 60; those of the command line win")
      ->type_name("FILE");
  options.addresses.clear();
  command
      .add_option("--listen", options.addresses,
                  "Where: HOST:PORT, [IPV6]:PORT, unix:/path or fd:N, port 0 for any; repeatable. "
                  "Sockets that a service manager passes are listened on too")
      ->type_name("ADDRESS")
      ->type_size(1)
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->default_str("127.0.0.1:0");
  add_mode(command, "--unix-mode", choice.unix_mode,
           "Rights of the file of a Unix-domain socket; otherwise what the umask leaves");
  command
      .add_option_function<std::string>(
          "--backend", [&options](const std::string& name) { options.backend = name; },
          "Multiplexer to use, see 'polymux backends'; POLYMUX_BACKEND counts without it")
      ->type_name("NAME");
  add_model_options(command, choice);
  constexpr std::uint64_t most_connections = std::numeric_limits<std::int32_t>::max();
  constexpr std::uint64_t most_bytes = std::uint64_t{1} << 30;
  auto& connections = options.connections;
  add_whole_number(command, "--max-connections", connections.max_connections, 0, most_connections,
                   "Clients at a time, the others are refused; 0: as many as descriptors allow")
      ->type_name("N");
  add_seconds(command, "--idle-timeout", connections.idle_timeout,
              "Close a connection on which no byte moves for so long; 0: never");
  add_seconds(command, "--drain-timeout", connections.drain_timeout,
              "How long clients may take to finish after SIGTERM or SIGINT; 0: not at all");
  add_whole_number(command, "--max-buffer", connections.max_buffer, 1, most_bytes,
                   "Kept for a client that does not take its answers; over 65536 is as 65536")
      ->type_name("BYTES");
  auto* const user = command.add_option("--user", choice.user,
                                        "Whom to become when all addresses are bound; needs root");
  user->type_name("NAME");
  command.add_option("--group", choice.group, "Its group; otherwise the user's own")
      ->type_name("NAME")
      ->needs(user);
  command
      .add_option("--metrics", options.metrics,
                  "Where to answer GET /metrics, in Prometheus's format; an address as of --listen")
      ->type_name("ADDRESS")
      ->check(CLI::Validator(
          [](const std::string& text) {
            return text.empty() ? "no address; write 127.0.0.1:9100" : std::string();
          },
          ""));
  add_log_options(command, choice);
  add_seconds(command, "--stats-interval", options.stats_interval,
              "Write a line of counters to stderr so often; 0: never");
}

}  // namespace

void add_serve_command(CLI::App& app, Command& chosen) {
  auto* const command =
      app.add_subcommand("serve", "Answer every byte in upper case, until SIGTERM or SIGINT");
  command->footer(
      "SIGTERM and SIGINT drain: no new clients, each one's answers are finished, exit code 0. A\n"
      "second one stops at once, also with 0. The limit of descriptors is the shell's (ulimit "
      "-n);\n"
      "clients beyond it are refused.");
  const auto choice = std::make_shared<Choice>();
  add_options(*command, *choice);
  command->callback([&chosen, choice, command] {
    if (!choice->config.empty()) apply_config_file(*command, choice->config);
    // Again, for the file may have added one.
    if (!choice->group.empty() && choice->user.empty()) {
      throw CLI::ValidationError("--group", "it goes with --user, which is not there");
    }
    const auto misfit = find_misfit(*polymux::find_server_model(choice->model), *command);
    if (!misfit.empty()) throw CLI::ValidationError(misfit);
    chosen = [choice] { return serve(*choice); };
  });
}
