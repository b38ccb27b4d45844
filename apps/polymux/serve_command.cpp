#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <polymux/polymux.hpp>

#include "commands.hpp"
#include "console.hpp"
#include "number_options.hpp"

namespace {

using std::chrono::nanoseconds;

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
};

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

/// Says on stdout where clients may come, and the rest on stderr.
class Teller final : public polymux::ServerObserver {
 public:
  explicit Teller(const ServerModel& model) : model_(model) {}

  /// Whether all could be said.
  [[nodiscard]] int exit_code() const noexcept { return exit_code_; }

 private:
  bool on_listening(const std::vector<std::string>& addresses,
                    const std::string& backend) override {
    std::string lines;
    for (const auto& address : addresses) {
      lines.append("listening on ").append(address).append(" model=").append(model_.name);
      if (!backend.empty()) lines.append(" backend=").append(backend);
      lines += '\n';
    }
    exit_code_ = console::print(lines);
    return exit_code_ == console::success;
  }
  void on_counters(const polymux::ConnectionCounters& counters) override {
    console::complain(model_.takes_datagrams ? describe_datagrams(counters)
                                             : describe_connections(counters));
  }
  void on_notice(std::string_view text) override { console::complain(text); }

  const ServerModel& model_;
  int exit_code_ = console::success;
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
    return option + " is not for the model '" + model.name + "', but for: " + others;
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
    if (other->variant_option == nullptr || other == &model) continue;
    const auto option = std::string("--") + other->variant_option;
    const bool is_own =
        model.variant_option != nullptr && option == std::string("--") + model.variant_option;
    if (!is_own && was_given(option)) return misfit(option, other->name);
  }
  for (const char* const option : model.refused_options) {
    if (was_given(option)) {
      return std::string(option) + " cannot be kept by the model '" + model.name +
             "'; docs/models.md says why";
    }
  }
  return {};
}

int serve(const Choice& choice) {
  const auto& model = *polymux::find_server_model(choice.model);
  auto options = choice.options;
  options.workers = static_cast<std::uint32_t>(std::max(choice.threads, choice.processes));
  if (model.variant_option != nullptr) {
    const auto found = choice.variants.find(model.variant_option);
    if (found != choice.variants.end()) options.variant = found->second;
  }
  polymux::ToupperService service;
  Teller teller(model);
  const auto outcome = model.serve(service, options, teller);
  using Kind = polymux::ServerOutcome::Kind;
  if (outcome.kind == Kind::ended) return teller.exit_code();
  console::complain(outcome.message);
  return outcome.kind == Kind::wrong_usage ? console::wrong_usage : console::failure;
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
    if (model->variant_option == nullptr) continue;
    const std::vector<std::string> variants(model->variants.begin(), model->variants.end());
    command
        .add_option(
            std::string("--") + model->variant_option, choice.variants[model->variant_option],
            std::string("How the model ") + model->name + " does it; otherwise " + variants.front())
        ->check(CLI::IsMember(variants))
        ->type_name("WAY");
  }
}

void add_options(CLI::App& command, Choice& choice) {
  auto& options = choice.options;
  command
      .add_option("--listen", options.addresses,
                  "Where: HOST:PORT, [IPV6]:PORT or unix:/path, port 0 for any; repeatable")
      ->type_name("ADDRESS")
      ->type_size(1)
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->capture_default_str();
  command
      .add_option("--backend", options.backend,
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
    choice->options.has_backend = command->count("--backend") != 0;
    const auto misfit = find_misfit(*polymux::find_server_model(choice->model), *command);
    if (!misfit.empty()) throw CLI::ValidationError(misfit);
    chosen = [choice] { return serve(*choice); };
  });
}
