#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "commands.hpp"
#include "console.hpp"
#include "load/choose_io.hpp"
#include "load/datagram_number.hpp"
#include "load/options.hpp"
#include "load/report.hpp"
#include "load/run.hpp"
#include "load/wrong_usage.hpp"
#include "number_options.hpp"

namespace {

using std::chrono::nanoseconds;

struct LoadCommand {
  load::Options options;
  bool wants_json = false;
  // As they were read; those that were not given are left out of `options`.
  nanoseconds duration = std::chrono::seconds{10};
  std::uint64_t requests = 0;
  std::uint64_t rate = 0;
  std::string backend;
};

/// The greatest datagram of IPv4: 65,535 bytes without the headers (RFC 768, RFC 791).
constexpr std::uint64_t greatest_datagram = 65'507;

[[noreturn]] void refuse(const std::string& why) {
  throw load::WrongUsage(why);
}

void check_datagrams(const load::Options& options) {
  if (!options.is_udp) return;
  if (options.sizes.least < load::DatagramNumber::size ||
      options.sizes.greatest > greatest_datagram) {
    refuse("--size: a datagram has " + std::to_string(load::DatagramNumber::size) + " to " +
           std::to_string(greatest_datagram) + " bytes with --udp; the first " +
           std::to_string(load::DatagramNumber::size) + " number it");
  }
  if (options.idle > 0) refuse("--idle: with --udp there are no connections that could be idle");
}

void check(const load::Options& options) {
  check_datagrams(options);
  if (options.connections == 0 && options.idle == 0) {
    refuse("--connections 0 leaves nothing to do; with --idle N there would be");
  }
  if (options.connections == 0 && (options.requests || options.rate)) {
    refuse("--connections 0 sends no requests; leave out --requests and --rate");
  }
  if (options.timeout == nanoseconds::zero()) {
    refuse("--timeout: more than 0 seconds, or a run might never end");
  }
  if (options.duration == nanoseconds::zero()) refuse("--duration: more than 0 seconds");
}

int show_load(const LoadCommand& command) {
  const auto& options = command.options;
  try {
    check(options);
    const bool shows_progress = ::isatty(STDERR_FILENO) == 1;
    const auto result = load::run(options, shows_progress);
    const int printed =
        console::print(command.wants_json ? load::as_json(options, result, POLYMUX_VERSION)
                                          : load::as_text(options, result));
    const auto complaints = load::complaints(options, result);
    for (const auto& complaint : complaints) console::complain(complaint);
    return complaints.empty() ? printed : console::failure;
  } catch (const load::WrongUsage& wrong) {
    console::complain(wrong.what());
    return console::wrong_usage;
  }
}

void add_sizes(CLI::App& command, load::SizeRange& sizes) {
  const auto read = [&sizes](const std::string& text) {
    const auto parsed = load::parse_size_range(text);
    if (!parsed) {
      throw CLI::ValidationError("--size", "'" + text +
                                               "' is not a number of bytes from 1 to 1g, as 64 or "
                                               "16k, or a range of them, as 1-64k");
    }
    sizes = *parsed;
  };
  command
      .add_option_function<std::string>(
          "--size", read, "Payload of a request, fixed or a range: 64, 16k, 1-65536; k, m, g")
      ->type_name("BYTES")
      ->default_str(load::to_string(sizes));
}

void add_amounts(CLI::App& command, LoadCommand& load) {
  auto& options = load.options;
  constexpr std::uint64_t most = std::numeric_limits<std::int32_t>::max();
  constexpr std::uint64_t most_requests = 1'000'000'000'000'000;
  constexpr std::uint64_t most_threads = 1024;
  constexpr std::uint64_t most_depth = 65'536;
  constexpr std::uint64_t most_rate = 1'000'000'000;
  add_whole_number(command, "-c,--connections", options.connections, 0, most,
                   "Connections that send requests")
      ->type_name("N");
  add_whole_number(command, "--idle", options.idle, 0, most,
                   "Silent connections beside them; asked once at the start and at the end")
      ->type_name("N");
  add_whole_number(command, "-t,--threads", options.threads, 1, most_threads,
                   "Threads, with a loop each")
      ->type_name("N");
  add_seconds(command, "-d,--duration", load.duration, "How long to send requests");
  add_whole_number(command, "-n,--requests", load.requests, 1, most_requests,
                   "How many requests to send; without --duration as long as that takes")
      ->type_name("N")
      ->default_str("");
  add_sizes(command, options.sizes);
  add_whole_number(command, "--depth", options.depth, 1, most_depth,
                   "Requests that a connection sends before it has the answers")
      ->type_name("N");
  add_whole_number(command, "--rate", load.rate, 1, most_rate,
                   "Open loop: so many requests a second in all, each at its instant")
      ->type_name("N")
      ->default_str("");
}

void add_ways(CLI::App& command, LoadCommand& load) {
  auto& options = load.options;
  auto* const reconnect = command.add_flag("--reconnect", options.reconnects,
                                           "A connection for each request; latency counts it in");
  auto* const udp = command.add_flag("--udp", options.is_udp,
                                     "Datagrams; those that are not answered in time are lost");
  udp->excludes(reconnect);
  command.get_option("--depth")->excludes(reconnect);
  command.add_flag("--fin", options.ends_in_order,
                   "End connections by FIN; else by a reset, which leaves no port in TIME_WAIT");
  add_seconds(command, "--timeout", options.timeout,
              "A request or a connection that is not answered by then has failed");
  add_whole_number(command, "--seed", options.seed, 0, std::numeric_limits<std::uint64_t>::max(),
                   "Decides the bytes and the sizes")
      ->type_name("N");
  command
      .add_option("--source", options.sources,
                  "Connect from this address; repeatable, connections take them in turn")
      ->type_name("ADDRESS")
      ->type_size(1)
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command
      .add_option("--backend", load.backend,
                  "Multiplexer to use, see 'polymux backends'; POLYMUX_BACKEND counts without it")
      ->type_name("NAME");
  command
      .add_option_function<std::string>(
          "--io",
          [&options](const std::string& way) {
            options.io =
                way == load::name_of(load::Io::uring) ? load::Io::uring : load::Io::readiness;
          },
          "How connections send and receive: uring (completions of io_uring) or readiness; "
          "by default uring where it is to be had and worth it")
      ->check(CLI::IsMember(std::vector<std::string>{"uring", "readiness"}))
      ->type_name("WAY");
  command.add_flag("--json", load.wants_json,
                   "Print JSON; its form is stable (docs/schemas/load.schema.json)");
}

// What was not given is not asked for.
void complete(LoadCommand& load, const CLI::App& command) {
  auto& options = load.options;
  const auto is_given = [&](const char* name) { return command.count(name) != 0; };
  if (is_given("--requests")) options.requests = load.requests;
  if (is_given("--duration") || !is_given("--requests")) options.duration = load.duration;
  if (is_given("--rate")) options.rate = load.rate;
  if (is_given("--backend")) options.backend = load.backend;
}

constexpr const char* explanation =
    R"(For a server that answers every byte in upper case, as 'polymux serve' does. Every byte of every
answer is compared. Nothing is measured before each connection has been answered once.

Closed loop: a connection sends its next request when it has an answer, so a slow server is asked less
often and what would have waited meanwhile is never counted. Open loop (--rate): requests are due at
fixed instants, whatever the server does, and latency counts from the instant at which a request was
due, also if no connection was free to send it ("coordinated omission" is corrected).

SIGINT and SIGTERM end the run early, and the report is printed; a second one waits for no answer.
From one address to one port there are some 28,000 connections on Linux (ip_local_port_range); to the
loopback device, more addresses of 127.0.0.0/8 are used by themselves. docs/load.md has the details.

Exit code: 0 if all that was asked was answered rightly; 1 if an answer was wrong or missing, a connection
failed, or nothing was answered, and stderr says which; lost datagrams alone are no failure; 2 for wrong
usage.)";

}  // namespace

void add_load_command(CLI::App& app, Command& chosen) {
  auto* const command =
      app.add_subcommand("load", "Put a server under load, compare every byte, and measure");
  const auto load = std::make_shared<LoadCommand>();
  command->add_option("target", load->options.target, "HOST:PORT, [IPV6]:PORT or unix:/path")
      ->type_name("ADDRESS")
      ->required();
  add_amounts(*command, *load);
  add_ways(*command, *load);
  command->footer(explanation);
  command->callback([&chosen, load, command] {
    complete(*load, *command);
    chosen = [load] { return show_load(*load); };
  });
}
